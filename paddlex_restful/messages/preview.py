"""Sentences on previews of augmented training images."""

OTHER_TYPE = (
    "Task {tid} is of type {task_type}, but dataset {did} is of type {type}: name a task of the dataset's type, "
    "or leave tid out for the default parameters."
)
