"""Logs a loss that does not get better; only the good one ends by itself."""
import argparse
import time

import wandb

parser = argparse.ArgumentParser()
parser.add_argument("--level", type=int)
level = parser.parse_args().level
wandb.init(project="wire")
for _ in range(4):
    wandb.log({"loss": float(level)})
while level > 1:
    time.sleep(0.1)
wandb.finish()
