"""The pages of a dataset, a module a tab; ``frame.py`` is around all of them, ``creating.py`` makes a new one."""
