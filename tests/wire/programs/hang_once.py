"""Logs once and then waits to be killed; the second time it finishes."""
import os
import pathlib
import signal

import wandb

run = wandb.init(project="wire")
wandb.log({"loss": 1.0})
first = pathlib.Path("first.pid")
if not first.exists():
    first.write_text(str(os.getpid()))
    signal.pause()
wandb.finish()
