"""The pages of projects: all of them, one with its tasks, a new task, tasks beside each other."""
