"""Prediction processes: trained models that stay loaded, and answer in milliseconds.

The server's side. The processes end with the server, and have nothing to lose; what they do is in
``training/serving.py``.
"""

from paddlex_restful.serving.model import Answer, Model, Request
from paddlex_restful.serving.pool import Pool

__all__ = ["Answer", "Model", "Pool", "Request"]
