"""Sentences on training and using segmentation nets."""

UNKNOWN_BACKBONE = "backbone {backbone} is not known for {model}; choose one of {known}."
LABEL_OUT_OF_RANGE = (
    "The annotation {file} has a pixel with the class id {id}, but the dataset has {classes} classes with ids from 0 "
    "to {highest}; correct the annotation in the dataset's folder, or import it again with a longer labels.txt."
)
