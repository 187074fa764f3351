"""The pages of a task, a module a tab; ``frame.py`` is around all of them."""
