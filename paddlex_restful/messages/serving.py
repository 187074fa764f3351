"""Sentences on models that stay loaded and answer for images."""

TOO_MANY_WAITING = "{waiting} pictures wait to be predicted already, of at most {most}: send this again in a moment."
NO_PROCESS = "No process could be started for the model: {error}. Free memory or processes and send the picture again."
NOT_LOADED = "The prediction process ended while it loaded the model ({how}). Its log says more: {log}."
CRASHED = (
    "The prediction process ended while it worked on this picture ({how}). Send it again, or another one; "
    "the log of the process says more: {log}."
)
TOO_SLOW = (
    "The model did not answer within {seconds:.0f} seconds, and its process was ended: send the picture again, "
    "or a smaller one. The log of the process says more: {log}."
)
VANISHED = "without a trace"
EXITED = "exit code {code}"
KILLED = "signal {number}: {name}"
