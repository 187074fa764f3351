"""About the demo: its data and its client."""

FOLDER_NOT_EMPTY = "{folder} holds files already; name a new folder."
SIDE_TOO_SMALL = "The digits are 8 pixels wide; a picture must have at least 8 pixels a side, not {side}."
NO_DIGITS = "The digits come with scikit-learn, which is not installed; install it with: pip install scikit-learn."
NO_SCENES_OF = "There are no scenes for {type}; name one of {types}."
TOO_FEW_SCENES = "Scenes are at least 10 of at least 64 pixels a side, not {count} of {side}."
NO_PHOTOGRAPHS = "Photographs come with {package}, which is not installed; install the packages of requirements.txt."

NO_ARCHIVE = "{name} is neither a .tar.gz nor a .zip archive; check the address of the demo."
DAMAGED = "{name} is damaged or cut off; download it again."
UNSAFE_PATH = "{name} holds the path {path}, which leads out of its folder; use another archive."
UNSAFE_KIND = "{name} holds {path}, which is neither a file nor a folder; use an archive without links and devices."
ENCRYPTED = "{name} is encrypted; use an archive without a password."
TOO_MANY_FILES = "{name} holds more than {most} files; use a smaller archive."
TOO_LARGE = "{name} grows to more than {most} GB when it is unpacked; use a smaller archive."
TOO_DENSE = (
    "{name} grows to more than {most} times its size when it is unpacked, as only harmful archives do; use another."
)
NOT_UTF8 = "{name} holds a file name that is not UTF-8; pack it anew with names in UTF-8."
SAME_NAME = "{name} holds {path} twice; use another archive."

SERVER_ENDED = "The server ended before it listened, with exit status {status}: {words}"
INACCURATE = "The {name} on the test pictures is {value:.3f}, below {least:.2f}; see the training's log."
ADDRESS_OF_ENDED = "{url}, ended; with --keep it goes on"
