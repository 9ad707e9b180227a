#!/usr/bin/env python3
"""Writes hyperband.json: what W&B's own library (pip install sweeps==0.3.0) answers to stop_runs.

    python make_hyperband.py > hyperband.json
"""

import json
import random

from sweeps import RunState, SweepRun, stop_runs

STATES = ["running", "running", "running", "finished", "crashed", "failed", "killed", "pending", "preempted", "preempting"]


def curve(rng, n):
    level, rate, noise = rng.uniform(0, 2), rng.uniform(0.1, 1), rng.choice([0, 0.05, 0.3])
    return [round(level + (i + 1) ** -rate + rng.gauss(0, 1) * noise, rng.choice([1, 3])) for i in range(n)]


def case(rng):
    rule = {"type": "hyperband"}
    if rng.random() < 0.5:
        rule["max_iter"], rule["s"] = rng.choice([5, 27, 50, 81]), rng.choice([1, 2, 3, 9])
        rule["eta"] = rng.choice([2, 3, 2.5])
    else:
        rule["min_iter"] = rng.choice([1, 2, 3, 7])
        if rng.random() < 0.7:
            rule["eta"] = rng.choice([2, 3, 4, 1.3, 10])
    if rng.random() < 0.6:
        rule["strict"] = rng.random() < 0.5
    goal = rng.choice(["minimize", "maximize", "upwards"])
    config = {"method": "random", "metric": {"name": "loss", "goal": goal}, "early_terminate": rule,
              "parameters": {"a": {"min": 0, "max": 1.5}}}
    runs = [{"name": f"r{i}", "state": rng.choice(STATES), "values": curve(rng, rng.choice([0, 1, 2, 5, 9, 30, 60]))}
            for i in range(rng.choice([1, 2, 3, 4, 9, 14, 30]))]
    asked = [SweepRun(name=r["name"], state=RunState(r["state"]), config={"a": {"value": 1}},
                      history=[{"loss": v} for v in r["values"]]) for r in runs]
    stopped = stop_runs(json.loads(json.dumps(config)), asked)
    info = next((r.early_terminate_info for r in asked if r.early_terminate_info), None)
    return {"config": config, "runs": runs, "stop": [r.name for r in stopped],
            "bands": None if info is None else [float(b) for b in info["bands"]],
            "thresholds": None if info is None else [None if t == float("inf") else float(t) for t in info["thresholds"]]}


def main():
    rng = random.Random(20)
    print("[")
    print(",\n".join(json.dumps(case(rng), separators=(",", ":")) for _ in range(60)))
    print("]")


main()
