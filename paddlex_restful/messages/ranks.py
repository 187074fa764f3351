"""Sentences on jobs that run in several processes."""

FAILED = "Rank {rank} of {size} processes failed: {problem}"
FAILED_ON_GPU = "Rank {rank} of {size} processes, on GPU {gpu}, failed: {problem}"
NOT_JOINED = "The processes of the training could not connect to one another ({error}). Start it again."
CONNECTION_LOST = "The connection to the other processes of the training broke. Start it again."
WRONG_WORLD_SIZE = (
    "{found} processes train together in place of the {wanted} that were asked for. "
    "Install paddle anew or name one GPU in cuda_visible_devices, and start it again."
)
