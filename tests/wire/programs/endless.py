"""Goes on until it is told to stop through its own stream."""
import time

import wandb

run = wandb.init(project="wire", id="endless")
while True:
    run.log({"x": 1})
    time.sleep(0.2)
