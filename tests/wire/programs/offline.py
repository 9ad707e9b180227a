"""A run without a server."""
import wandb

run = wandb.init(project="life", id="offline-run", mode="offline", config={"lr": 0.25})
for step in range(5):
    run.log({"x": step})
run.finish()
