"""A small training program, as a user writes it."""
import argparse
import math

import wandb

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--depth", type=int, default=1)
args, _ = parser.parse_known_args()
run = wandb.init(project="wire", config={"lr": args.lr, "depth": args.depth, "extra": "kept"})
print(f"training with lr {wandb.config['lr']} depth {wandb.config['depth']}")
for step in range(5):
    wandb.log({"loss": wandb.config["lr"] + 1.0 / (step + 1), "nan": float("nan"), "inf": math.inf})
wandb.summary["done"] = True
print("the last line of output")
wandb.finish()
