"""The pages, a module each; ``routes.py`` lists them."""
