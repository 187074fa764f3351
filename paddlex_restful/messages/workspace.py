"""Sentences about the workspace: its lock, its files and its entries."""

IN_USE = (
    "The workspace {path} is already used by another server (pid {pid}). "
    "Stop that server, or choose another folder with --workspace_dir."
)
UNUSABLE = (
    "The workspace {path} cannot be used: {reason}. "
    "Choose a folder that this user may write with --workspace_dir, or change its permissions."
)
NOT_VALID = "the path is not valid"
NEWER = (
    "The workspace {path} was written by a newer version of PaddleX RESTful (file format {version}). "
    "Open it with that version, or choose another folder with --workspace_dir."
)
CLOSED = "The workspace is closed because the server is shutting down; send the request again when it is back."
NOT_SAVED = (
    "The change could not be saved in the workspace: {reason}. Nothing was changed; put that right and try again."
)
FOLDER_NOT_MADE = (
    "The folder of {noun} {id} could not be made: {reason}. Nothing was changed; put that right and try again."
)

NOUNS = ("dataset", "project", "task", "pretrained model", "exported model")
"""What sentences call the kinds of entries."""

NO_ENTRY = "There is no {noun} {id}; check the id against the list of those that exist."
NOT_AN_ID = "There is no entry {id}: ids look like D0001, P0001, T0001, PM0001 or EM0001."
NOT_TEXT = "The field {field} holds characters that are not valid Unicode text; remove them."
TEXT_TOO_LONG = "The field {field} is longer than {limit} characters; shorten it."
STILL_BOUND = (
    "Dataset {did} cannot be deleted, because {pids} are bound to it; "
    "bind those projects to another dataset or delete them first."
)
OTHER_TYPE = (
    "Dataset {did} is made for {dataset_type} and project {pid} for {project_type}; "
    "bind a dataset of the project's own type."
)

KEY_OF_ANOTHER = (
    "The Idempotency-Key of this request was used for another one before; send each new request with a key of its own."
)
KEY_CUT_OFF = (
    "The server was cut off while it answered the first request with this Idempotency-Key, so it is not known whether "
    "that was done; look whether it was, and send a new request with another key if not."
)
REPLIES_DAMAGED = (
    "{path} cannot be read ({problem}); a new file takes its place: earlier Idempotency-Keys are forgotten"
)
