"""Sentences of the access: tokens, names of the server, pages of other sites."""

# ruff: noqa: S105 - sentences about tokens, no tokens

TOKEN_MISSING = (
    "This server needs its access token: send it in the header `Authorization: Bearer …`, or open an address with "
    "`?token=…` in a browser. It was shown when the server was first started, and is kept in access.token of its "
    "workspace unless its environment sets it."
)
TOKEN_WRONG = (
    "The access token is wrong; the right one is in access.token of the server's workspace, unless its environment "
    "sets it."
)
TOO_MANY_GUESSES = "Too many wrong access tokens came from your address; try again in {seconds} seconds."
UNKNOWN_HOST = (
    "This server does not go by the name of {host}; use its address, or start it with --allowed_host and that name."
)
FOREIGN_ORIGIN = (
    "A page of {origin} may not use this server; if it should, start the server with --allowed_origin and the page's "
    "origin."
)
UNDECIDED = "{path} is not open to anybody yet; this is a fault of the server, which its log tells of."

UNFIT_TOKEN = (
    "The access token of {variable} cannot be used: it needs at least {shortest} printable ASCII characters and no "
    "space, such as `openssl rand -hex 32` gives; set another, or unset it."
)
UNFIT_TOKEN_FILE = "The file {file} holds no access token; delete it, and the next start makes a new one."
TOKEN_FILE_OPEN = (
    "Other users can read the access token in {file}; delete the file, and the next start makes a new token. Where the "
    "disk knows no permissions, set a token in {variable} instead."
)

TOKEN_MADE = "Open {url}/?token={token} once in each browser; the access token is kept in {file}, and not shown again."
TOKEN_KEPT = "Clients need the access token that is kept in {file}."
TOKEN_SET = "Clients need the access token that {variable} sets."

BAD_ALLOWED_HOST = "{value} is not the name of a host; give it without scheme, port and path, as in server.example"
BAD_ORIGIN = "{value} is not an origin; give scheme, host and port of the page, as in https://page.example:8443"
