"""Metrics for a program that `sweepd agent` runs. No dependency: copy this file beside your program.

    from sweepd_report import log, params, summary
    p = params()                       # {"lr": 0.1, "batch": 32}; {} outside an agent
    for epoch in range(10):
        log(epoch=epoch, loss=train(p["lr"]))      # one history line
    summary(best_loss=0.03)            # merged into the run's summary

Each call appends one whole line to SWEEPD_METRICS_FILE; the agent sends it on and keeps it on disk
until the server has it, so nothing is lost when the network, the server or this program dies.
Outside an agent the lines go to stdout.
"""
import json
import os
import sys


def _write(row):
    # default=float: NumPy scalars and one-element tensors. One write() a line: never half a line.
    line = json.dumps(row, default=float) + "\n"
    path = os.environ.get("SWEEPD_METRICS_FILE")
    if not path:
        sys.stdout.write(line)
        return
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(fd, line.encode())
    finally:
        os.close(fd)


def log(**metrics):
    """One line of history: log(loss=0.3, accuracy=0.9)."""
    _write(metrics)


def summary(**values):
    """Final or best values of the run; the last one of each name counts."""
    _write({"_summary": values})


def params():
    """The configuration of this run: {name: value}."""
    path = os.environ.get("SWEEPD_PARAMS_FILE")
    if not path:
        return {}
    with open(path, encoding="utf-8") as f:
        return json.load(f)
