#!/usr/bin/env python3
"""Steering a sweep from the unmodified client: every verb of `wandb sweep`, agents that obey, a function as program.
Usage: control.py SWEEPD VERSION"""

import sys

from bench import Bench
from sweep import sweep_of

RANDOM = """
program: patient.py
project: wire
method: random
run_cap: {cap}
parameters:
  lr: {values}
command: ["${{env}}", "${{interpreter}}", "${{program}}", "${{args}}"]
"""


def beats_of(b, sweep):
    return [a["last_beat"] for a in b.rest(f"/agents?sweep={sweep}")["items"]]


def verbs(b):
    (b.work / "patient.yaml").write_text(RANDOM.format(cap=5, values="{min: 0.0, max: 1.0}"))
    sweep = sweep_of(b.run("wandb", "sweep", "patient.yaml"))
    path = f"local/wire/{sweep}"
    state = lambda: b.rest(f"/sweeps/{sweep}")["state"]  # noqa: E731
    running = lambda: [r["id"] for r in b.runs(sweep=sweep, state="running")]  # noqa: E731
    go = b.work / "go"

    agent = b.agent(path)
    b.until(running, 60, "the first run is live")
    b.run("wandb", "sweep", "--pause", path)
    assert state() == "paused"
    go.touch()
    b.until(lambda: b.runs(sweep=sweep, state="finished"), 60, "a paused sweep's live run ends well")
    before = beats_of(b, sweep)
    b.until(lambda: beats_of(b, sweep) > before, 30, "the agent asks for work")
    assert len(b.runs(sweep=sweep)) == 1, "nothing new is handed out while the sweep is paused"
    go.unlink()
    b.run("wandb", "sweep", "--resume", path)
    b.until(running, 60, "the second run is live")
    b.run("wandb", "sweep", "--stop", path)
    assert state() == "running" and b.rest(f"/sweeps/{sweep}")["stopping"], "a stopped sweep waits for its live runs"
    go.touch()
    said, _ = agent.communicate(timeout=60)
    assert agent.returncode == 0, said
    assert state() == "finished" and len(b.runs(sweep=sweep)) == 2

    go.unlink()
    (b.work / "patient.yaml").write_text(RANDOM.format(cap=5, values="{value: 7.5}"))
    b.run("wandb", "sweep", "--update", path, "patient.yaml")
    b.run("wandb", "sweep", "--resume", path)
    agent = b.agent(path)
    third = b.until(running, 60, "the sweep was opened again")[0]
    assert b.rest(f"/runs/{third}")["config"]["lr"]["value"] == 7.5, "it goes on with the updated file"
    b.run("wandb", "sweep", "--cancel", path)
    said, _ = agent.communicate(timeout=60)
    assert agent.returncode == 0, said
    assert state() == "canceled" and b.rest(f"/runs/{third}")["state"] == "killed"


def by_function(b):
    p = b.start("function_agent.py")
    third = b.work / "third"
    b.until(lambda: third.exists() and third.read_text(), 90, "two runs are over, the third is at work")
    b.rest(f"/runs/{third.read_text()}/stop", {"reason": "enough"})
    said, _ = p.communicate(timeout=90)
    assert p.returncode == 0 and "the agent is done" in said, said
    sweep = (b.work / "sweep").read_text()
    runs = {r["config"]["level"]["value"]: r for r in b.runs(sweep=sweep)}
    assert {level: r["state"] for level, r in runs.items()} == {1: "finished", 2: "failed", 3: "killed"}, runs
    assert runs[1]["config"]["net"]["value"] == {"depth": 4, "width": 8}, runs[1]
    assert runs[2]["exit_code"] == 1 and runs[2]["cause"] in ("exception", "exit_code"), runs[2]
    assert b.rest(f"/sweeps/{sweep}")["state"] == "finished"


EARLY = """
program: worse.py
project: wire
method: grid
metric: {name: loss, goal: minimize}
early_terminate: {type: hyperband, min_iter: 2, eta: 2}
parameters:
  level: {values: [0, 1, 5]}
"""


def stopped_early(b):
    (b.work / "early.yaml").write_text(EARLY)
    sweep = sweep_of(b.run("wandb", "sweep", "early.yaml"))
    b.run("wandb", "agent", f"local/wire/{sweep}", timeout=180, WANDB_X_FILE_STREAM_TRANSMIT_INTERVAL="1")
    runs = {r["config"]["level"]["value"]: r for r in b.runs(sweep=sweep)}
    assert (runs[1]["state"], runs[5]["state"], runs[5]["cause"]) == ("finished", "killed", "early_stop"), runs
    assert runs[5]["evidence"][0]["source"] == "rung table", runs[5]["evidence"]
    assert b.rest(f"/sweeps/{sweep}")["state"] == "finished"


def main():
    with Bench(sys.argv[1], sys.argv[2]) as b:
        endless = b.start("endless.py", WANDB_X_FILE_STREAM_TRANSMIT_INTERVAL="1")
        b.until(lambda: b.runs(state="running"), 60, "a run without an agent is live")
        b.rest("/runs/endless/stop", {"reason": "enough"})  # its stream's next answer says so; the client looks every 15 s
        verbs(b)
        by_function(b)
        stopped_early(b)
        said, _ = endless.communicate(timeout=60)
        assert endless.returncode != 0, said
        assert b.rest("/runs/endless")["state"] == "killed"
        print(f"wandb {b.version}: pause, resume, stop, reopen, update and cancel; a function as program, stopped by an operator; a run stopped early; one without an agent stopped through its stream")


if __name__ == "__main__":
    main()
