"""Sentences on uploads: archives in chunks, and images into a dataset."""

NO_SUCH_UPLOAD = "There is no upload {id}; begin one with POST /upload. Those that nobody goes on with end after a day."
TOO_MANY = "{most} uploads wait already; import them, or remove some with DELETE /upload."
TOO_MUCH = (
    "All uploads together may have {most} GB at most; import those that wait, or remove some with DELETE /upload."
)
WRONG_OFFSET = "{name} goes on at offset {offset}, not at {sent}; send the bytes from there on."
OVER_THE_END = "The chunk leads over the end of {name}, which was to have {size} bytes; only {left} are missing."
CUT_OFF = "The chunk of {name} was cut off; send it again from offset {offset} on."
CHUNK_TOO_LARGE = "A chunk has {most} MiB at most; send smaller ones."
NO_LENGTH = "The chunk has no length; send its bytes as the body, with Content-Length."
INCOMPLETE = "{name} has {offset} of its {size} bytes; send the others with PUT /upload first."
IN_USE = "{name} is being imported into {did}; wait until that is done."
WRONG_CHECKSUM = "{name} does not have the SHA-256 that was told; send it again."

ONE_SOURCE = (
    "The images come from one place: name a folder of the server as path, send an archive as a file of a form, "
    "or name an upload as upload_id."
)
LINK_NEEDS_PATH = "link is for folders of the server; leave it out with an archive."

NO_IMAGES = "There is no image in the request; send a form (multipart/form-data) with files of the name images."
SPLIT_ALREADY = (
    "Dataset {did} is split, and images can be added until then; import the folder with all images anew instead."
)
NO_LABEL = "label is missing: the name of the class that the images belong to."
LABEL_NOT_WANTED = "label is for classification; of a dataset of {type} send the annotations as files."
BAD_LABEL = (
    "{label} cannot be the name of a class: it becomes a folder, so it has no slashes and does not begin with a dot."
)
BAD_NAME = "{name} cannot be the name of a file here: use letters, digits and at most 255 bytes, no leading dot."
NOT_AN_IMAGE = "{name} is no image by its name; png, jpg, jpeg and bmp files are taken."
EXISTS = "The dataset has {path} already; rename the new one."
TWICE = "{path} comes twice in the request; rename one of them."
NO_ANNOTATIONS = "The annotations are missing: send files of the name annotations, {kind}."
ANNOTATIONS_NOT_WANTED = "annotations are not for classification; name the class of the images as label."
WRONG_ANNOTATION = "{name} is no annotation of this dataset, which takes {kind}."
KINDS = {
    ".xml": "an .xml file of Pascal VOC for each image",
    ".png": "a .png file of class ids for each image",
    ".json": "one .json file of COCO for all images",
    ".xml.json": "an .xml file of Pascal VOC for each image, or one .json file of COCO for all",
}
