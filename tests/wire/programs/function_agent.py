"""wandb.sweep() and wandb.agent(function=...): some runs end well, some are stopped, one fails."""
import pathlib
import time

import wandb

SWEEP = {
    "method": "grid",
    "name": "by function",
    "metric": {"name": "loss", "goal": "minimize"},
    "parameters": {"level": {"values": [1, 2, 3]}, "net": {"parameters": {"depth": {"value": 4}, "width": {"values": [8]}}}},
}


def train():
    with wandb.init() as run:
        assert run.sweep_id == sweep, run.sweep_id
        assert run.config["net"] == {"depth": 4, "width": 8}, dict(run.config)
        level = run.config["level"]
        run.log({"loss": float(level)})
        if level == 2:
            raise ValueError("this one fails")
        if level == 3:  # waits until it is told to stop
            pathlib.Path("third").write_text(run.id)
            while True:
                time.sleep(0.1)


sweep = wandb.sweep(SWEEP, project="wire")
pathlib.Path("sweep").write_text(sweep)
wandb.agent(sweep, function=train, project="wire")
print("the agent is done")
