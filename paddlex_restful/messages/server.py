"""Sentences of the command line and of the server's start."""

PORT_TAKEN = "Port {port} on {host} is taken by another program; stop that program or choose another port with --port."
PORT_PRIVILEGED = "Port {port} may be used by the administrator only; choose one from 1024 upwards with --port."
BAD_HOST = "{host} is not an address of this machine; give one with --host, 127.0.0.1 for this machine alone."
CANNOT_LISTEN = "The server cannot listen on {host}, port {port} ({reason}); choose others with --host and --port."
SERVES = "PaddleX RESTful {version} serves {workspace} at {url}"
STOPPING = "The server ends; running jobs go on."
REQUESTS_CUT = "Requests that did not finish in time were cut: {count}."

BAD_PORT = "{value} is not a port; a port is a whole number from 0 (take a free one) to 65535"
BAD_CPU_JOBS = "{value} is not a number of jobs; at least 1"
BAD_PREDICT_WORKERS = "{value} is not a number of models; at least 1"
BAD_SECONDS = "{value} is not a number of seconds; above 0"
BAD_MIN_FREE = "{value} is no size; give a number of GB, such as 1 or 0.5, or 0 to use disks to their end"
NO_HOST = "an empty text is no address; 127.0.0.1 stands for this machine alone, 0.0.0.0 for all its networks"
NO_WORKSPACE = "an empty text is no folder"
NO_HOME = "the home folder in {value} is not known; write the path in full"
NO_PADDLEX = (
    "PaddleX is not installed, so only `paddlex --start_restful` works here; install it with: pip install paddlex"
)
