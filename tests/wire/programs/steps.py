"""Logs step after step until the file `go` is there; then says how many."""
import pathlib
import sys
import time

import wandb

run = wandb.init(project="many", id=sys.argv[1])
steps = 0
while not pathlib.Path("go").exists():
    run.log({"x": steps * 0.5})
    steps += 1
    time.sleep(0.05)
run.finish()
print("steps", steps)
