"""Sentences of the HTTP layer: unreadable arguments, addresses that do not exist, the server's own faults."""

from types import NoneType

BODY_NOT_JSON = (
    "The body of the request is not JSON ({problem}); send one JSON object in UTF-8, "
    "or put the arguments into the query string."
)
BODY_NOT_OBJECT = (
    'The body of the request is {kind}, not a JSON object; put the arguments into one object, as in {{"did": "D0001"}}.'
)

KINDS = {list: "a list", str: "text", bool: "true or false", NoneType: "null", int: "a number", float: "a number"}

ARGUMENTS = "The arguments need correction: {problems}."
EXPLAINED = "{sentence} ({description})"
MISSING = "{field} is missing"
MISSPELT = "{field} is missing; {sent} is no argument of this call, did you mean {field}?"
NOT_TEXT = "{field} must be text, not {value}"
NOT_INTEGER = "{field} must be a whole number, not {value}"
NOT_NUMBER = "{field} must be a number, not {value}"
NOT_BOOLEAN = "{field} must be true or false, not {value}"
NOT_LIST = "{field} must be a list, not {value}"
NOT_OBJECT = "{field} must be an object, not {value}"
NOT_ONE_OF = "{field} must be {expected}, not {value}"
TOO_SMALL = "{field} must be at least {limit}, not {value}"
NOT_ABOVE = "{field} must be greater than {limit}, not {value}"
TOO_LARGE = "{field} must be at most {limit}, not {value}"
NOT_BELOW = "{field} must be less than {limit}, not {value}"
TOO_LONG = "{field} must have at most {limit} characters or items"
TOO_SHORT = "{field} must have at least {limit} characters or items"
BAD_FORM = "{field} must have the form {limit}, not {value}"
REFUSED = "{field}: {reason}"
NOT_VALID = "{field} cannot be {value}"
TOO_DEEP = "{field} nests lists and objects more than {limit} levels deep; send it flatter"
NUL_CHARACTER = "{field} must not contain a NUL character"

INTERNAL = "An internal error kept the server from answering (reference {reference}); the server's log has the details."
DISK_FULL = "The disk is full, so the server could not write ({path}); free some space and try again."

READ_ONLY = "The disk is mounted read-only, so the server could not write ({path}); mount it for writing and try again."
NOT_PERMITTED = "The server may not read or write {path}; give its user the right to, or name another path."
NAME_TOO_LONG = "The path {path} is longer than the file system takes; name a shorter one."

LINK_LOOP = "The symbolic links of {path} lead in a circle; name another path."
JOBS_UNWRITABLE = (
    "The jobs of the workspace cannot be put on record ({reason}); free some space on its disk and try again."
)

NO_SUCH_ADDRESS = "There is no address {path} on this server; GET / lists the calls."
NO_SUCH_METHOD = "{path} does not take {method}; it takes {allowed}."
TOO_MUCH = (
    "The request is larger than this server takes; its limit is {limit} MiB. Send a large archive in chunks, "
    "with POST and PUT /upload."
)
TOO_MANY_PARTS = (
    "The form has more than {most} parts, or more than {size} kB of text; send its files in several requests, "
    "or as an archive."
)
NO_SUCH_RANGE = "The header Range asks for no single part of these {length} bytes; correct it, or leave it out."
SHUTTING_DOWN = "The server is shutting down; try again when it has been started again."
BAD_REQUEST = "The server could not read the request ({code} {name}); check that the client sends correct HTTP."
BAD_KEY = (
    "The header Idempotency-Key must have 1 to 255 printable ASCII characters without spaces; a UUID is a good one."
)
