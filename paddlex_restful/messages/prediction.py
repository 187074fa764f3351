"""Sentences on predicting images."""

NO_IMAGES = "There is no image to predict; name images, or split the dataset with a test_split above 0."
UNREADABLE = (
    "{image} cannot be read as a picture; give a JPEG, PNG or BMP file that is not damaged "
    "and has at most 89 million pixels."
)
ALL_FAILED = "None of the {count} images can be read, the first of them {image}; give JPEG, PNG or BMP files."
DETECTIONS_NOT_FINITE = (
    "The model answers with boxes or scores that are not finite numbers, so it is damaged or its training diverged: "
    "choose another epoch or train again with a lower learning rate."
)
SCORES_NOT_FINITE = (
    "The model of {checkpoint} answers with figures that are not finite; choose another saved epoch, "
    "or train again with a lower learning_rate."
)
