"""About the machine."""

GPUS_FOUND = "{count} GPU(s) can train; driver {driver}."
NO_GPU = "No NVIDIA GPU answers here; training runs on the processor."
NO_LIBRARY = (
    "Neither nvidia-ml-py nor pycuda is installed, so GPUs cannot be seen; install nvidia-ml-py to train on them."
)
