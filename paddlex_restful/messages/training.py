"""Sentences on training, checkpoints and pretrained weights."""

SUITE_MISSING = (
    "The Python package {package} is not installed; install it with: pip install --no-deps -r requirements.txt"
)
NO_GPU_BUILD = (
    "cuda_visible_devices names a GPU, but the installed paddle is the CPU build; install paddlepaddle-gpu "
    "or leave cuda_visible_devices empty."
)
NO_MIXED_PRECISION = (
    "amp needs a GPU of compute capability 7.0 or later, and this training runs on {device}; set amp to false "
    "or name such a GPU in cuda_visible_devices."
)
NO_GPU_FOR_BATCH_SIZE = (
    "auto_batch_size needs a GPU, and this training runs on {device}; set auto_batch_size to false or name a GPU in "
    "cuda_visible_devices."
)

UNKNOWN_MODEL = "model {model} is not known; choose one of {models}."

UNREADABLE_IMAGE = "The image {file} cannot be read; replace it in the dataset's folder or remove it and import again."
TOO_FEW_IMAGES = "The training split holds {count} image(s); split the dataset so that training has at least {least}."
NO_CLASSES = "The dataset has no classes; import it again."

NAN_LOSS = (
    "The loss is no longer a finite number at epoch {epoch}, step {step}; lower learning_rate, "
    "lengthen warmup_steps or check the images, then train again."
)
NAN_EVALUATION = (
    "The net no longer gives finite numbers for the validation images; lower learning_rate, "
    "lengthen warmup_steps or check the images, then train again."
)
OVERFLOW = (
    "The gradients overflow in mixed precision however little they are scaled; lower learning_rate, "
    "lengthen warmup_steps or set amp to false, then train again."
)
UNKNOWN_POLICY = "lr_policy {policy} is not known; choose one of {policies}."

CHECKPOINT_MISSING = "There is no complete checkpoint in {folder}; train first or choose a saved epoch."
CHECKPOINT_DAMAGED = "The checkpoint file {file} is damaged; choose another saved epoch or train again."
CHECKPOINT_OTHER_MODEL = (
    "The checkpoint of epoch {epoch} is of another model or other classes; start the training anew."
)

WEIGHTS_MISSING = (
    "pretrain_weights {source} is not a file of weights or a folder that holds one; name another or set it to null."
)
WEIGHTS_DAMAGED = (
    "The weights in {file} are damaged or hold more than numbers; name another file or set pretrain_weights to null."
)
WEIGHTS_DO_NOT_FIT = (
    "None of the weights in {file} fit {model}; choose weights of this model or set pretrain_weights to null."
)
NO_WEIGHTS_FOR_MODEL = (
    "There are no {source} weights for {model}; set pretrain_weights to null to train from random weights."
)
DOWNLOAD_FAILED = (
    "The pretrained weights of {model} could not be downloaded: {problem} "
    "Set pretrain_weights to null to train from random weights."
)
