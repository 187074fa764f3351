"""PaddleX RESTful: train, evaluate, predict with and export PaddlePaddle vision models over HTTP."""

__version__ = "3.0.0"
