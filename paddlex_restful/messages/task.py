"""Sentences on tasks: parameters, training, resuming, stopping."""

from __future__ import annotations

NO_PARAMS = "Task {tid} has no parameters yet: set them with POST /project/task/params."
PARAMS_FIXED = "Task {tid} has been trained, so its parameters are fixed: create a new task for other parameters."
BUSY = "Task {tid} is at work ({kind}): stop it or wait until it ends."
CANNOT_BE_DELETED = "Task {tid} cannot be deleted while it is at work ({kind}): stop it or wait until it ends."
NOT_SPLIT = "Dataset {did} is not split yet: import it with PUT /dataset and split it with PUT /dataset/split first."
PARENT_OF_OTHER_PROJECT = (
    "parent_id {parent_id} belongs to project {other}, not to {pid}: name a task of the same project."
)
NOT_RUNNING = "Task {tid} is not being trained: there is nothing to stop."
NO_CHECKPOINT = "Task {tid} has no saved epoch to go on from: start the training anew with POST /project/task/train."
NO_SUCH_EPOCH = "Task {tid} has no saved epoch {epoch}: take one of {epochs}."
COMPLETE = "Task {tid} is trained to its last epoch, {epoch}: there is nothing left to go on with."
TRAINED_BY_ORIGINAL = (
    "The model of task {tid} was trained by the original server and can only start another training: "
    "give its folder, {path}, as pretrain_weights of a new task."
)
NOT_TRAINED = "Task {tid} has no trained model yet: train it with POST /project/task/train first."
WEIGHTS_MISSING = (
    "pretrain_weights {weights!r} was not found: give IMAGENET, a saved model such as PM0001, "
    "a path on the server, or null."
)
NO_SUCH_GPU = (
    "cuda_visible_devices names GPU {gpu}, but the server has {count}: name one of its GPUs, or none for the processor."
)
NEEDS_SOMETHING = "Name a task with tid or a project with pid."
NOTHING_TO_SHOW = "Task {tid} has no curves yet: train it with POST /project/task/train first."
