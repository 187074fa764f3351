"""Sentences on datasets: check, import and split."""

from __future__ import annotations

# Where a dataset comes from.
SOURCE_RELATIVE = "path must be the absolute path of a folder on the server; {path} is relative."
SOURCE_MISSING = "path names {path}, which is not a folder on the server; give the folder that holds the dataset."
SOURCE_UNREADABLE = "The folder {path} cannot be read by the server; give its user the right to read it."
SOURCE_IN_WORKSPACE = (
    "The folder {path} overlaps with the server's workspace; copy the dataset to a folder outside of it "
    "and import that."
)
UNKNOWN_TYPE = "dataset_type {type} is not supported; it must be one of {types}."

# The check as a whole.
BAD_FILES = "The dataset has {count} bad file(s):\n{files}\nCorrect or remove them, then import again."
BAD_FILES_MORE = (
    "The dataset has {count} bad file(s), the first {shown} of them:\n{files}\nand {more} more. "
    "Correct or remove them, then import again."
)
TOO_MANY_FILES = "The folder holds more than {most} files and folders; divide the dataset into smaller ones."
MORE_PROBLEMS = "and {more} more problems"
BAD_FILE_LINE = "- {file}: {problem}"

# What is wrong with one file; these follow its name.
NOT_AN_IMAGE = "it is not a PNG, JPEG or BMP picture, whatever its name says"
UNREADABLE_IMAGE = "the image cannot be read: it is truncated or damaged"
EMPTY_FILE = "the file is empty"
TOO_MANY_PIXELS = "the image has {width} x {height} pixels; more than {limit} are not accepted, cut it into tiles"
UNREADABLE_FILE = "the file cannot be read ({reason})"
NOT_A_FILE = "it is not a regular file"
LEAVES_SOURCE = "it is a link to something outside the dataset's folder; put the file itself in its place"
BAD_NAME = "its name is not valid UTF-8 or has control characters; rename it"
RESERVED_NAME = "the server uses this name itself; rename it"
SAME_STEM = "it shares its annotation with {other}; give the two images different names"

NO_FOLDER = "the folder is missing; a dataset of this type needs it"
NO_FILE = "the file is missing; a dataset of this type needs it"
NO_IMAGES = "there is no image in it; png, jpg, jpeg and bmp files are taken"
NO_CLASSES = "there are no class folders; put the images of each class into a folder with the name of the class"
ONE_CLASS = "there is only one class folder; classification needs at least two"
ONE_CLASS_LABEL = "it names fewer than two classes; classification needs at least two"
EMPTY_CLASS = "the class has no images; add some or remove the folder"
NESTED_IMAGES = "images of a class must lie directly in the folder of the class, not in folders below it"

MISSING_ANNOTATION = "its annotation {annotation} is missing"
UNLISTED_IMAGE = "{annotation} does not name this image"
MISSING_IMAGE = "{annotation} names this image, but the file is missing"
SIZE_DIFFERS = "its size is {width} x {height}, but that of the image {image} is {image_width} x {image_height}"
DECLARED_SIZE_DIFFERS = (
    "it declares {width} x {height} pixels, but the image {image} has {image_width} x {image_height}"
)

XML_BROKEN = "it is not well-formed XML ({reason})"
XML_DOCTYPE = "it has a document type declaration, which is not accepted; remove it"
XML_NO_NAME = "object {number} has no name"
XML_NO_BOX = "object {number} has no bndbox with the numbers xmin, ymin, xmax and ymax"
FILE_TOO_LARGE = "the file has more than {limit} MB, which is not accepted"

UNKNOWN_CATEGORY = "object {number} has the category {name}, which {where} does not name"
BOX_OUTSIDE = "the box of object {number} ({box}) reaches outside the image of {width} x {height} pixels"
BOX_EMPTY = "the box of object {number} ({box}) has no area"
POLYGON_BAD = (
    "the segmentation of object {number} is neither a list of polygons of at least three points each "
    "nor an RLE of the image's size"
)
POLYGON_OUTSIDE = "a polygon of object {number} reaches outside the image of {width} x {height} pixels"

JSON_BROKEN = "it is not valid JSON ({reason})"
JSON_NOT_COCO = "it is not a COCO file: {part} must be {form}"
EACH_CATEGORY = "each category"
EACH_IMAGE = "each image"
ONE_IMAGE = "the image {file}"
OBJECTS = "a list of objects"
AT_LEAST_ONE = "a list of at least one"
ID_AND_NAME = "an integer id and a name"
ID_AND_FILE = "an integer id and a file_name"
SIZED = "sized: width, height"
JSON_NO_BOX = "object {number} has no bbox of four numbers"
JSON_SIZE_DIFFERS = "{where} declares {width} x {height} pixels, but the image has {image_width} x {image_height}"
JSON_TWICE = "{part} names {value} more than once"
JSON_HAS_ALREADY = "{annotation} names this image, which the dataset has already"
JSON_NO_IMAGE = "annotation {number} belongs to the image id {value}, which images does not name"
JSON_CATEGORIES_DIFFER = "its categories differ from those of {other}"

MASK_NOT_INDEXED = "it is a colour picture; an annotation must be a palette or greyscale PNG whose values are class ids"
MASK_NOT_PNG = "it is not a PNG picture"
MASK_ID_TOO_LARGE = "it has the class id {id}; ids go from 0 to 254, and 255 marks ignored pixels"
MASK_ID_GAP = "it has the class id {id}, but no annotation has the id {missing}; number the classes without gaps"
NO_OBJECTS = "no annotation has a single object; nothing could be learnt"
FEWER_LABELS = "it names {labels} labels, but the annotations have ids up to {id}, which needs {needed}"

LABELS_EMPTY = "it names no labels"
LABELS_TWICE = "it names the label {label} more than once"
TEXT_UNREADABLE = "it is neither UTF-8 nor GB18030 text"
LIST_LINE_BAD = "line {line} ({text}) is not an image and {what}, both inside the dataset"
LIST_LABEL_ID = "a class id"
LIST_ANNOTATION = "its annotation"
LIST_ID_TOO_LARGE = "the lists give it the class id {id}, but labels.txt names only {labels} labels"
LIST_DIFFERS = "line {line} gives the image {image} another label than a line before it"
LIST_EMPTY = "it names no images"
LIST_CLASS_EMPTY = "no image of the lists belongs to the class {label}"

# Import.
DISK_FULL_NOW = "The disk of the workspace became full while the dataset was copied. Make room, then import again."
SOURCE_CHANGED = "{file} was changed or removed while it was copied; import again when nobody writes to the folder."
COPY_FAILED = "The dataset could not be copied into the workspace ({file}: {problem})."

# Split.
NO_FILES = "The dataset has no files yet; import some with PUT /dataset first."
NOT_SPLIT = "The dataset has not been split yet; split it with PUT /dataset/split first."
UNKNOWN_SPLIT = "{split} is not a part of a dataset; it must be train, val or test."
FRACTION_BAD = "{field} must be a number of at least 0 and less than 1; it is {value}."
FRACTIONS_TOO_LARGE = (
    "val_split and test_split together are {total}; they must be less than 1, so that images are left for training."
)
TOO_FEW_IMAGES = (
    "The dataset has {images} images, too few for this split: training and every part that is asked for need "
    "at least one{hint}. Ask for fewer parts or add images."
)
ONE_CLASS_YET = (
    "The dataset has images of one class only, and classification needs at least two; "
    "add those of another class with PUT /dataset/images."
)
TOO_FEW_HINT = ", and every class keeps one for training"
UNKNOWN_IMAGE = "{image} is not an image of the dataset."
UNDRAWABLE = "{image} can no longer be drawn: {reason}. Import the dataset again."

# What a training would suffer from.
FEW_IMAGES = "The class {label} has {images} image(s) only: add some, so that it has {least} at least."
FEW_IMAGES_MORE = "{more} more classes have fewer than {least} images each: add some."
UNEVEN_CLASSES = (
    "{most} has {times} times as many images as {least}, so the rarer class may be overlooked: add images of it."
)
LACKING = {
    "train": "The class {label} has no image for training, so it cannot be learnt: split anew or add images of it.",
    "val": "The class {label} has no image for validation, so nobody sees how well it is learnt: split anew.",
}
TINY_BOXES = (
    "{tiny} of {boxes} boxes are smaller than a fiftieth of their image, and a detector sees little of them: "
    "train with a large input size, or cut the images into tiles."
)
MANY_EMPTY = (
    "{empty} of {images} images have no objects; some of them help against false alarms, so many slow the training "
    "down: leave some out."
)

# What can be asked of a dataset, and when.
STILL_BOUND = "Dataset {did} is bound to {pids}: delete these projects or bind them to another dataset first."
IMPORT_RUNS = "Dataset {did} is being imported: wait until GET /dataset says that it is done."
NO_IMPORT_RUNS = "Nothing is being imported into dataset {did}: there is nothing to stop."
NOT_IMPORTED = "Dataset {did} cannot be used yet. {state}"
IN_USE = "Dataset {did} is in use by task {tid} ({kind}): stop it or wait until it ends."
