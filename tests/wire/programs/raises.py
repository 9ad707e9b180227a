"""Ends with an exception of its own."""
import wandb

wandb.init(project="life", id="raises")
wandb.log({"x": 1})
raise RuntimeError("the reason")
