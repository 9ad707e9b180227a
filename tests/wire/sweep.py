#!/usr/bin/env python3
"""wandb sweep and wandb agent, unmodified, against sweepd. Usage: sweep.py SWEEPD VERSION"""

import re
import sys

from bench import Bench

SWEEP = """
program: train.py
project: wire
name: grid of four
method: grid
metric: {name: loss, goal: minimize}
parameters:
  lr: {values: [0.5, 0.25]}
  depth: {values: [1, 2]}
"""


def sweep_of(said):
    """The sweep's id in what `wandb sweep` prints."""
    return re.search(r"wandb agent (?:\S+/)?(\w{8})", said).group(1)


def by_hand(b, sweep):
    """A program that somebody starts in the sweep, without an agent, and starts again."""
    b.run("train.py", "--lr", "0.5", WANDB_SWEEP_ID=sweep, WANDB_RUN_ID="bare")
    assert b.rest("/runs/bare")["project"] == "local/wire", "where its sweep is"
    for _ in range(2):
        b.run("train.py", "--lr", "0.125", WANDB_SWEEP_ID=sweep, WANDB_PROJECT="wire", WANDB_RUN_ID="mine", WANDB_RESUME="allow")
    run = b.rest("/runs/mine")
    assert (run["sweep"], run["agent"] or "", run["state"], run["epoch"]) == (sweep, "", "finished", 2), run
    assert run["history_lines"] == 10, run
    trial = b.rest(f"/sweeps/{sweep}/trials?limit=100")["items"][-1]
    assert trial["config"] == {"lr": {"value": 0.125}, "depth": {"value": 1}}, trial
    assert (trial["search_info"], trial["value"]) == ({"why": "started by hand"}, 0.125 + 0.2), trial
    shown = b.rest(f"/sweeps/{sweep}")
    assert (shown["state"], shown["best"]["run"]) == ("finished", "mine"), shown


def main():
    with Bench(sys.argv[1], sys.argv[2]) as b:
        (b.work / "sweep.yaml").write_text(SWEEP)
        sweep = sweep_of(b.run("wandb", "sweep", "sweep.yaml"))
        shown = b.rest(f"/sweeps/{sweep}")
        assert (shown["project"], shown["name"], shown["state"]) == ("local/wire", "grid of four", "pending"), shown

        said = b.run("wandb", "agent", f"local/wire/{sweep}", timeout=400)
        runs = b.runs(sweep=sweep)
        assert sorted((r["config"]["lr"]["value"], r["config"]["depth"]["value"]) for r in runs) == [
            (0.25, 1), (0.25, 2), (0.5, 1), (0.5, 2)], runs
        for r in runs:
            assert (r["state"], r["exit_code"], r["attempt"]) == ("finished", 0, 1), r
            rows = b.history(r["id"])
            assert [row["_step"] for row in rows] == [0, 1, 2, 3, 4], rows
            assert rows[0]["nan"] == "NaN" and rows[0]["inf"] == "Infinity", rows[0]
            lr = r["config"]["lr"]["value"]
            assert r["summary"]["loss"] == lr + 0.2 and r["summary"]["done"] is True, r["summary"]
            assert r["metric"]["best"] == lr + 0.2, r["metric"]
            log = b.log(r["id"])
            assert f"training with lr {lr}" in log and "the last line of output" in log, log
            files = {f["name"] for f in b.rest(f"/runs/{r['id']}/files")["items"]}
            assert {"config.yaml", "wandb-metadata.json", "wandb-summary.json"} <= files, files
        shown = b.rest(f"/sweeps/{sweep}")
        assert shown["state"] == "finished", shown["state"]
        assert "read the sweep" in b.run("read_sweep.py", sweep)
        by_hand(b, sweep)

        (b.work / "bad.yaml").write_text("program: train.py\nmethod: gird\nparameters: {lr: {values: [1]}}\n")
        said = b.run("wandb", "sweep", "--project", "wire", "bad.yaml", code=1)
        assert "method" in said, said

        other = sweep_of(b.run("wandb", "sweep", "sweep.yaml"))
        b.run("wandb", "sweep", "--cancel", f"local/wire/{other}")
        assert b.rest(f"/sweeps/{other}")["state"] == "canceled"
        print(f"wandb {b.version}: a sweep of {len(runs)} runs, every step, summary, log and file of each")


if __name__ == "__main__":
    main()
