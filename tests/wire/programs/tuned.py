"""Logs step after step; a large lr goes on until it is stopped."""
import argparse
import time

import wandb

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
args, _ = parser.parse_known_args()
run = wandb.init(project="wire", config={"lr": args.lr})
for step in range(3000 if args.lr > 0.5 else 3):
    wandb.log({"loss": args.lr + 1.0 / (step + 1)})
    time.sleep(0.1)
wandb.finish()
