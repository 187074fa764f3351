"""Sentences on work that was found in a workspace of the original server."""

IMPORT_FAILED = "The import failed on the original server: import the folder again with PUT /dataset."
TRAINING_FAILED = "The training failed on the original server: start it again with POST /project/task/train."
