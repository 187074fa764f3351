"""A client of the server for Python programs: synchronous and typed, on ``requests``.

It imports nothing of the server, and needs none of its packages but ``requests`` and ``tqdm``::

    with Client("http://127.0.0.1:8080") as client:
        flowers = client.datasets.create("flowers", "classification").import_folder("/data/flowers")
        flowers.wait()
        flowers.split(val=0.2, test=0.1)
        task = client.projects.create("flowers", "classification", flowers).tasks.create("ResNet18", num_epochs=20)
        task.train()
        task.wait()
        print(task.evaluate()["Acc1"])
"""

from paddlex_restful.client.client import Client
from paddlex_restful.client.datasets import Dataset
from paddlex_restful.client.errors import ApiError, ClientError, JobFailed, NoAnswer, TookTooLong
from paddlex_restful.client.predicting import Prediction
from paddlex_restful.client.projects import Project
from paddlex_restful.client.tasks import Task

__all__ = [
    "ApiError",
    "Client",
    "ClientError",
    "Dataset",
    "JobFailed",
    "NoAnswer",
    "Prediction",
    "Project",
    "Task",
    "TookTooLong",
]
