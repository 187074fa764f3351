"""Sentences of the Python client."""

NO_ANSWER = "{method} {path} got no answer from {url} ({problem}); see whether the server still runs."
NOT_KNOWN = (
    "The connection to {url} broke before {method} {path} was answered ({problem}), so it is not known whether it was "
    "done; look whether it was before you try again."
)
NO_JSON = "{method} {path} was answered with HTTP status {code} and no message; see whether {url} is such a server."
NO_ADDRESS = "{url} is no address of a server; give one such as http://127.0.0.1:8080."
JOB_FAILED = "The {what} was not completed: {reason}"
TOO_LONG = "The {what} took longer than {seconds:g} seconds and goes on; wait for it again."
NOT_STARTED = "{what} was not started yet."
CUT_OFF = "The download of {mid} was cut off again and again; start it again, and it goes on where it stopped."
CHANGED = "The files of {mid} were changed while it was downloaded; download it again."
NO_SUCH_FILE = "{path} is neither a folder nor a file of this machine; name one that is."
