"""The web page: Dash in a Flask application of its own that lies behind the server's; it has no state.

``mount.py`` is the server's side, ``site.py`` makes the page, ``routes.py`` says which module of ``pages/`` answers an
address. ``parts/`` holds what several pages show, ``assets/`` the styles and the scripts that run in the browser.
"""
