"""wandb.controller() with a search and a stopping of its own."""
import time

import sweeps

import wandb

TRIED = [0.5, 0.75, 0.25]


def search(config, runs):
    if len(runs) == len(TRIED):
        return None
    return sweeps.SweepRun(config={"lr": {"value": TRIED[len(runs)]}})


def stop(config, runs):
    return [r for r in runs if r.state == "running" and r.history and r.config["lr"]["value"] > 0.6]


tuner = wandb.controller(project="wire")
tuner.configure_search(search)
tuner.configure_stopping("hyperband", min_iter=1)
tuner._custom_stopping = stop  # configure_stopping() takes a function too, and then its own schema refuses the file
tuner.configure_program("tuned.py")
tuner.configure_controller(type="local")
tuner.configure_metric("loss", goal="minimize")
tuner.configure_parameter("lr", min=0.0, max=1.0)
print("SWEEP", tuner.create(), flush=True)
while not tuner.done():
    tuner.step()
    tuner.print_status()
    time.sleep(1)
print("the search is over")
