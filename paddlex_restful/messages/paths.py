"""Sentences about paths that clients name."""

PATH_EMPTY = "The path is empty; name a file or a folder."
PATH_INVALID = (
    "The path {path} is not one that this system can hold (a NUL character or invalid text in it); correct it."
)
PATH_FOREIGN = (
    "The path {path} begins with a drive or another machine, which this server does not have; "
    "name a file or a folder of the server, such as /data/images."
)
PATH_TOO_LONG = "The path {path} is too long; use a shorter one."
PATH_UNRESOLVED = (
    "The path {path} cannot be followed (a loop of symbolic links, or a folder that may not be read); correct it."
)
PATH_OUTSIDE = "The path {path} is outside the folders that this server may use ({roots}); give one inside them."
PATH_OF_SYSTEM = "The path {path} is not one of files but of the system's devices and figures; name another folder."
PATH_MOVED = (
    "The path {path} leads elsewhere than when it was named: a symbolic link has taken the place of a folder. "
    "Put that right and start it again."
)
PATH_OF_RECORDS = (
    "The path {path} is one of the server's own records, which are not handed out; "
    "ask for a file of a dataset, a project or a model."
)
PATH_IS_ROOT = "The path {path} is a folder that exports are kept in; name a new folder below it."
