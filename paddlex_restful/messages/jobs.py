"""What is said about jobs."""

ALREADY_ACTIVE = (
    "A {kind} job of {subject} is {state} already. Wait until it has ended or stop it before you start another."
)
STILL_ACTIVE = "{subject} has a {kind} job that is {state}. Stop it before you delete {subject}."
SHUTTING_DOWN = "The server is shutting down and takes no new jobs. Try again when it runs."
NOT_STARTED = "No process could be started for the {kind} job: {error}. Free memory or processes and start it again."
NOT_RECORDED = (
    "The {kind} job cannot be put on record in {path}: {error}. "
    "Free disk space, close other programs that use this file, and try again."
)
DATABASE_UNUSABLE = (
    "{path} cannot be opened: {error}. "
    "Close other programs that use this file, see to disk space and permissions, and start the server again."
)
NOT_TAKEN_UP = (
    "The jobs of {path} cannot be taken up again: {error}. "
    "Free disk space, see to the permissions of this folder, and start the server again."
)
NEWER_DATABASE = "{path} was written by a newer version of this server. Open this workspace with that version."

KINDS = ("import", "download", "train", "prune", "evaluate", "predict", "export")
"""What sentences call the kinds of jobs."""

STATES = ("queued", "starting", "running", "stopping")
"""What sentences call the states of jobs that have not ended."""

JOB = "{kind} of {subject}"

WAITING_FOR_PROCESSOR = "Waiting in the queue, place {place}: {running} of {slots} processor slots are taken by {jobs}."
WAITING_FOR_LIGHT = (
    "Waiting in the queue, place {place}: {running} of {slots} places for small jobs are taken by {jobs}."
)
WAITING_FOR_GPUS = "Waiting in the queue, place {place}: GPU {gpus} is taken by {jobs}."
WAITING_FOR_TURN = "Waiting in the queue, place {place}: an earlier job waits for GPU {gpus}."

STOPPED = "Stopped on request."
STOPPED_UNBEGUN = "Stopped on request before it began."
STOPPED_BY_FORCE = "Stopped on request; its processes had to be ended by force, what they had not saved is lost."

KILLED_9 = (
    "The process was killed by signal 9 (SIGKILL); out of memory is the usual cause. "
    "Choose a smaller batch size or image size and start it again."
)
KILLED_9_BY_SOMEONE = (
    "The process was killed by signal 9 (SIGKILL), sent by a user or another program; the kernel had memory left. "
    "Find out what ends processes on this machine (an administrator, a scheduler, systemd-oomd) and start it again."
)
KILLED_BY_KERNEL = (
    "The kernel ended the process because the machine or container had no memory left. "
    "Choose a smaller batch size or image size, end other programs, and start it again."
)
BUS_ERROR = (
    "The process was killed by signal {number} ({name}); a full /dev/shm is the usual cause. "
    "Give the machine or container more shared memory and start it again."
)
KILLED = "The process was killed by signal {number} ({name}). The end of its log says more: {log}."
EXITED = "The process ended with exit code {code} and without a result. The end of its log says more: {log}."
OUTCOME_NOT_WRITTEN = (
    "The job ended, but could not write its outcome; a full disk is the usual cause. "
    "Free some space and start it again. The end of its log may say more: {log}."
)
END_NOT_RECORDED = "The job has ended, but this cannot be put on record: free some space on the disk of the workspace."
VANISHED = "The process ended without a result. The end of its log says more: {log}."
MACHINE_RESTARTED = "The machine was restarted while this job ran. Start it again."

OUT_OF_MEMORY = "The memory was not enough. Choose a smaller batch size or image size and start it again."
OUT_OF_GPU_MEMORY = (
    "The GPU's memory was not enough. Choose a smaller batch size or image size, or another GPU, and start it again."
)
DISK_FULL = "The disk is full ({path}). Free some space and start it again."
A_DISK_FULL = (
    "A disk is full: that of {path}, or that of the folder that was to be written. Free some space and start it again."
)
PACKAGE_MISSING = (
    "The Python package {package} is not installed. Install it with `pip install {requirement}` and start it again."
)
PACKAGE_BROKEN = (
    "The Python package {package} cannot be imported: {error}. "
    "Install it anew with `pip install --force-reinstall {requirement}` and start it again."
)
IMPORT_FAILED = (
    "A Python package cannot be imported: {error}. Install all anew with "
    "`pip install --no-deps --force-reinstall -r requirements.txt` and start it again."
)
PARAMETERS = (
    "The net cannot compute with these parameters and images: {summary}. "
    "Choose another image_shape, batch_size or model, or set the parameters to their defaults, and start it again. "
    "The log says more: {log}."
)
UNREADABLE_IMAGE = "An image cannot be read: {error}. Repair or remove it and start again."
FILE_MISSING = "The file {path} does not exist. Put it back and start again."
FILE_REFUSED = "The file {path} cannot be opened: {error}. Change its permissions and start again."
UNEXPECTED = "The job failed unexpectedly. Its log says more: {log}."
EXITED_ITSELF = "The job ended itself with exit code {code}. Its log says more: {log}."
