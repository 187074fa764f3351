"""Sentences on evaluating a trained model."""

NO_IMAGES = "The dataset has neither test nor validation images; split it with a val_split or test_split above 0."
OTHER_LABELS = (
    "The dataset's classes are no longer those that the model was trained on ({found} in place of {trained}); "
    "train again on this dataset."
)
