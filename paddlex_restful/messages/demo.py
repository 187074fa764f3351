"""About the demo: its data and its client."""

FOLDER_NOT_EMPTY = "{folder} holds files already; name a new folder."
SIDE_TOO_SMALL = "The digits are 8 pixels wide; a picture must have at least 8 pixels a side, not {side}."
NO_DIGITS = "The digits come with scikit-learn, which is not installed; install it with: pip install scikit-learn."
NO_SCENES_OF = "There are no scenes for {type}; name one of {types}."
TOO_FEW_SCENES = "Scenes are at least 10 of at least 64 pixels a side, not {count} of {side}."
NO_PHOTOGRAPHS = "Photographs come with {package}, which is not installed; install the packages of requirements.txt."

SERVER_ENDED = "The server ended before it listened, with exit status {status}: {words}"
INACCURATE = "The {name} on the test pictures is {value:.3f}, below {least:.2f}; see the training's log."
ADDRESS_OF_ENDED = "{url}, ended; with --keep it goes on"
