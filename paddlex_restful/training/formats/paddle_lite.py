"""Makes and runs Paddle-Lite models: a program for the interpreter that has paddlelite, CPython 3.8 or 3.10.

It is run by its path, imports nothing of this package, and keeps to the Python of 3.8.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time
from typing import Any


def convert(graph: str, weights: str, target: str, places: str) -> None:
    """Write ``target.nb``."""
    from paddlelite.lite import Opt

    opt = Opt()
    opt.set_model_file(graph)
    opt.set_param_file(weights)
    opt.set_model_type("naive_buffer")
    opt.set_valid_places(places)
    opt.set_optimize_out(target)
    opt.run()
    if not os.path.isfile(target + ".nb"):  # noqa: PTH113  Opt tells of no failure of its own
        sys.exit("ERROR: paddlelite wrote no model")


def run(model: str, questions: str, answers: str, warm_up: str, runs: str) -> None:
    """Answer what is in an ``.npz`` file, ``<number>.<input>``, and measure how long the first takes.

    Into ``answers`` go ``<number>.<place of the output>`` and ``seconds``, those of each run.
    """
    import numpy as np
    from paddlelite.lite import MobileConfig, create_paddle_predictor

    config = MobileConfig()
    config.set_model_from_file(model)
    net = create_paddle_predictor(config)
    asked: dict[int, dict[str, Any]] = {}
    with np.load(questions, allow_pickle=False) as file:
        for key in file.files:
            number, _, name = key.partition(".")
            asked.setdefault(int(number), {})[name] = file[key]

    def ask(inputs: dict[str, Any]) -> None:
        for place, name in enumerate(net.get_input_names()):
            net.get_input(place).from_numpy(np.ascontiguousarray(inputs[name]))
        net.run()

    found: dict[str, Any] = {}
    for number, inputs in asked.items():
        ask(inputs)
        for place in range(len(net.get_output_names())):
            found[f"{number}.{place}"] = net.get_output(place).numpy().copy()
    seconds = []
    for number in range(int(warm_up) + int(runs)):
        start = time.process_time()
        ask(asked[0])
        if number >= int(warm_up):
            seconds.append(time.process_time() - start)
    np.savez(answers, seconds=np.array(seconds), **found)


def main() -> None:
    """Die with the job, as ``children.die_with_parent`` says, and do what the arguments say."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
    action = convert if sys.argv[1] == "convert" else run
    action(*json.loads(sys.argv[2]))


if __name__ == "__main__":
    main()
