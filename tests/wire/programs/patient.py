"""Logs a step, then goes on until the file `go` is there or somebody stops it."""
import argparse
import pathlib
import time

import wandb

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
args = parser.parse_args()
run = wandb.init(project="wire", config={"lr": args.lr})
wandb.log({"loss": args.lr})
pathlib.Path("started-" + run.id).touch()
while not pathlib.Path("go").exists():
    time.sleep(0.1)
wandb.finish()
