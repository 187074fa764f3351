"""Packaging of PaddleX RESTful; tool settings are in pyproject.toml, the full lock in requirements.txt."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
# Read, not imported: what the package imports may not be installed yet.
[VERSION] = re.findall(
    r'^__version__ = "(.+)"$', (HERE / "paddlex_restful/__init__.py").read_text("utf-8"), re.MULTILINE
)

setup(
    name="paddlex-restful",
    version=VERSION,
    description="Train, evaluate, predict with and export PaddlePaddle vision models over HTTP",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    packages=find_packages(include=["paddlex_restful", "paddlex_restful.*"]),
    package_data={"paddlex_restful": ["py.typed", "params/zoo.json", "translations/*/LC_MESSAGES/*", "web/assets/*"]},
    python_requires=">=3.10,<3.13",
    # Only what the server itself imports. Jobs need more, in versions that pip cannot resolve together
    # (the suites pin a numpy of 2022): requirements.txt is the lock that was run, for pip --no-deps.
    install_requires=[
        "dash>=4.1",
        "dash-mantine-components>=2.4",
        "flask>=3.1",
        "flask-swagger-ui>=5.17",
        "waitress>=3",
        "pydantic>=2.7",
        "orjson>=3.10",
        "protobuf>=5",
        "psutil>=5.9",
        "nvidia-ml-py>=12",
        "numpy>=1.26,<2.4",
        "pillow>=10",
        "pyyaml>=6",
        "openpyxl>=3.1",
        "pycocotools>=2.0.8",
        "requests>=2.31",
        "tqdm>=4.66",
    ],
    entry_points={
        "console_scripts": [
            "paddlex_restful=paddlex_restful.cli:main",
            "paddlex=paddlex_restful.cli:paddlex",
        ]
    },
)
