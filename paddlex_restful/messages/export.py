"""Sentences on exporting a trained model."""

NOT_EMPTY = "save_dir {folder} already holds files; name a new or an empty folder."
UNWRITABLE = (
    "save_dir {folder} cannot be written ({problem}); name a folder that does not exist yet, "
    "in a folder that can be written."
)
UNKNOWN_FORMAT = "The format {format} cannot be exported yet; export with type infer."
MISMATCH = (
    "The exported {model} does not answer like the trained one: scores differ by {difference:.2g}, at most "
    "{allowed:.2g} is right. Nothing was written; export again with another paddle version or choose another model."
)
