#!/usr/bin/env python3
"""wandb sweep-scheduler (0.31): the search runs in the client, W&B's own or Optuna's, and enqueues runs; our agents take
them. Usage: scheduler.py SWEEPD VERSION"""

import re
import sys

from bench import Bench

SWEEP = """
program: train.py
project: wire
method: grid
scheduler: {engine: wandb}
metric: {name: loss, goal: minimize}
parameters:
  lr: {values: [0.5, 0.25]}
  depth: {values: [1, 2]}
"""


OPTUNA = """
program: train.py
project: wire
method: custom
run_cap: 4
scheduler: {engine: optuna}
metric: {name: loss, goal: minimize}
parameters:
  lr: {min: 0.01, max: 1.0}
  depth: {values: [1, 2]}
"""


def searched(b, text):
    """The sweep, and what its scheduler said: it and two agents run to their ends."""
    (b.work / "sweep.yaml").write_text(text)
    said = b.run("wandb", "sweep", "sweep.yaml")
    sweep = re.search(r"wandb agent (?:\S+/)?(\w{8})", said).group(1)
    assert "wandb sweep-scheduler" in said, said
    scheduler = b.start("wandb", "sweep-scheduler", "--batch-size", "2", "--poll-interval", "1", f"local/wire/{sweep}")
    agents = [b.agent(f"local/wire/{sweep}") for _ in range(2)]
    out, _ = scheduler.communicate(timeout=240)
    assert scheduler.returncode == 0, out
    for agent in agents:
        said, _ = agent.communicate(timeout=120)
        assert agent.returncode == 0, said
    return sweep, out


def optuna(b):
    sweep, out = searched(b, OPTUNA)
    runs = b.runs(sweep=sweep)
    assert [r["state"] for r in runs] == ["finished"] * 4, (runs, out)
    trials = b.rest(f"/sweeps/{sweep}/trials")["items"]
    # The scheduler may have asked for a fifth before it saw that the fourth was the last.
    assert {r["id"] for r in runs} <= {t["first_run"] for t in trials}, "each is the run that was promised"
    for r in runs:  # the sampler was told what its runs came to
        assert r["metric"]["best"] == r["config"]["lr"]["value"] + 0.2, r
    assert re.search(r"Trial 1 finished with value: [\d.]+ and parameters", out), out


def main():
    with Bench(sys.argv[1], sys.argv[2], extra="optuna") as b:
        optuna(b)
    with Bench(sys.argv[1], sys.argv[2], extra="sweeps") as b:
        sweep, out = searched(b, SWEEP)
        runs = b.runs(sweep=sweep)
        assert sorted((r["config"]["lr"]["value"], r["config"]["depth"]["value"], r["state"]) for r in runs) == [
            (0.25, 1, "finished"), (0.25, 2, "finished"), (0.5, 1, "finished"), (0.5, 2, "finished")], (runs, out)
        assert b.rest(f"/sweeps/{sweep}")["state"] == "finished"
        log = b.rest(f"/runs/scheduler-{sweep}")
        assert (log["state"], log["project"]) == ("finished", "local/wire"), log
        print(f"wandb {b.version}: schedulers in the client searched, W&B's and Optuna's, two agents each")


if __name__ == "__main__":
    main()
