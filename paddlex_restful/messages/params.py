"""About training parameters."""

UNKNOWN_MODEL = "There is no {project_type} model named {model}; choose one of {models}."
UNKNOWN_PROJECT_TYPE = "Projects of type {project_type} have no training parameters; the types that have are {types}."
NOT_AN_OBJECT = "The training parameters must be an object of names and values, such as {{'num_epochs': 10}}."
IMPOSSIBLE = "These training parameters cannot be used: {problems}."
"""``problems`` is one or several of the clauses below, joined by semicolons."""

UNKNOWN_KEY = "{key} is no parameter of {project_type} (did you mean {nearest}?)"
UNKNOWN_KEY_ALONE = "{key} is no parameter of {project_type}, leave it out"
WRONG_MODEL = "model must be one of {models}, not {value}"
WRONG_VALUE = "{key} must be {expected}, not {value}"
NOT_ASCENDING = "lr_decay_epochs must ascend, such as [4, 6, 8], not {value}"
BATCH_NOT_DIVISIBLE = (
    "batch_size must be a multiple of the number of GPUs, {gpus}, because it is shared among them, not {value}"
)
UNKNOWN_BACKBONE = "backbone must be one of {backbones} for {model}, not {value}"
UNKNOWN_WEIGHTS = (
    "pretrain_weights must be {weights}, null, a path or the id of a saved model for {project_type}, not {value}"
)

SIZE_TOO_SMALL = "image_shape must be at least {least} x {least} for {model}, not {width} x {height}"
SIZE_TOO_LARGE = "image_shape must be at most {most} x {most} for {model}, not {width} x {height}"
SIZE_NOT_MULTIPLE = "both sides of image_shape must be multiples of {multiple} for {model}, not {width} x {height}"

NESTED = "a deeply nested value"

MISSING_FILE = "This task has no training parameters yet; set them with POST /project/task/params."
UNREADABLE_FILE = (
    "The training parameters in {path} cannot be read, because the file is damaged or holds more than plain values; "
    "set them again with POST /project/task/params."
)

SWITCH = "true or false"
PROBABILITY = "a number from 0 to 1"
SHARE = "null or a number above 0 and below 1"
COUNT = "a whole number from 1 to {most}"
COUNT_FROM_ZERO = "a whole number from 0 to {most}"
RATE = "a number above 0 and at most {most}"
RATE_FROM_ZERO = "a number from 0 to {most}"
EPOCHS = "an ascending list of whole numbers from 1 to {most}, at most 100 of them"
SHAPE = "two whole numbers, {sides}, from {least} to {most}"
WIDTH_HEIGHT = "width and height"
HEIGHT_WIDTH = "height and width"
SHORT_LONG = "the short and the long side"
MEAN = "three numbers from -255 to 255"
STD = "three numbers above 0 and at most 255"
SIZES = "a list of multiples of 32 from 32 to {most}, at least one and at most 100 of them"
SWITCHES = "two of true or false"
CHOICE = "one of {choices}"
TEXT = "text of at most 4096 characters"
OPTIONAL_TEXT = "null or text of at most 4096 characters"
GPUS = "different GPU numbers with commas between them, such as 0 or 0,1, or empty text for the processor"
