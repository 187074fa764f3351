"""Training parameters: models, defaults, checks and their file."""

from paddlex_restful.params.checks import BadParams, check_params
from paddlex_restful.params.defaults import default_params, models
from paddlex_restful.params.sizes import input_size, size_problem
from paddlex_restful.params.store import read_params, write_params

__all__ = [
    "BadParams",
    "check_params",
    "default_params",
    "input_size",
    "models",
    "read_params",
    "size_problem",
    "write_params",
]
