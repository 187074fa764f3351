"""Sentences on archives that cannot be unpacked."""

NO_ARCHIVE = "{name} is neither a zip nor a tar or tar.gz archive; pack the folder of the dataset as one of these."
DAMAGED = "{name} is damaged or cut off; pack or download it again."
UNSAFE_PATH = "{name} holds the path {path}, which leads out of its folder; use an archive of relative paths."
UNSAFE_KIND = "{name} holds {path}, which is neither a file nor a folder; use an archive without links and devices."
ENCRYPTED = "{name} is encrypted; use an archive without a password."
OTHER_COMPRESSION = "{name} is compressed otherwise than by deflate; pack it anew as a plain zip or tar.gz archive."
TOO_MANY_FILES = "{name} holds more than {most} files; use a smaller archive."
TOO_LARGE = "{name} grows to more than {most} GB when it is unpacked; use a smaller archive."
TOO_DENSE = (
    "{name} grows to more than {most} times its size when it is unpacked, as only harmful archives do; use another."
)
TOO_LONG = "{name} holds {path}, whose name is too long or lies too deep; pack it anew with shorter names."
NOT_TEXT = "{name} holds a file name that is neither UTF-8 nor GB18030; pack it anew with names in UTF-8."
CONTROL_CHARACTER = "{name} holds {path}, whose name has control characters; rename it and pack anew."
SAME_NAME = "{name} holds {path} twice; use another archive."
SAME_BUT_FOR_CASE = "{name} holds {path} and {other}, which are the same name on many disks; rename one and pack anew."
