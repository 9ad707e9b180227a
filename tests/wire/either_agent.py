#!/usr/bin/env python3
"""One sweep, `wandb agent` and `sweepd agent` beside each other: each starts the program so that wandb.init joins
the run. Usage: either_agent.py SWEEPD VERSION"""

import re
import subprocess
import sys

from bench import Bench

SWEEP = """
program: train.py
project: wire
method: grid
metric: {name: loss, goal: minimize}
parameters:
  lr: {values: [0.5, 0.25]}
  depth: {values: [1, 2]}
"""


def main():
    with Bench(sys.argv[1], sys.argv[2]) as b:
        (b.work / "sweep.yaml").write_text(SWEEP)
        said = b.run("wandb", "sweep", "sweep.yaml")
        sweep = re.search(r"wandb agent (?:\S+/)?(\w{8})", said).group(1)
        theirs = b.agent("--count", "2", f"local/wire/{sweep}")
        env = b.env(SWEEPD_URL=b.url)
        del env["WANDB_BASE_URL"], env["WANDB_API_KEY"]  # the agent alone says where the run is
        ours = subprocess.Popen([b.sweepd, "agent", "--count", "2", sweep], cwd=b.work, env=env, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        b.started.append(ours)
        said = {p: p.communicate(timeout=240)[0] for p in (theirs, ours)}
        assert theirs.returncode == 0 and ours.returncode == 0, said
        runs = b.runs(sweep=sweep)
        assert sorted((r["config"]["lr"]["value"], r["config"]["depth"]["value"]) for r in runs) == [
            (0.25, 1), (0.25, 2), (0.5, 1), (0.5, 2)], runs
        assert len({r["agent"] for r in runs}) == 2, runs
        for r in runs:
            assert (r["state"], r["exit_code"], r["attempt"], r["epoch"]) == ("finished", 0, 1, 1), r
            assert [row["_step"] for row in b.history(r["id"])] == [0, 1, 2, 3, 4], (r, said)
            assert r["summary"]["done"] is True, r
            log = b.log(r["id"])
            assert log.count("the last line of output") == 1 and log.count("training with") == 1, log
            files = {f["name"] for f in b.rest(f"/runs/{r['id']}/files")["items"]}
            assert {"config.yaml", "wandb-metadata.json"} <= files, files
        shown = b.rest(f"/sweeps/{sweep}")
        assert shown["state"] == "finished" and b.runs(project="local/wire") and len(b.runs()) == 4, shown
        print(f"wandb {b.version}: either agent served the sweep, {len(runs)} runs, each joined by wandb.init")


if __name__ == "__main__":
    main()
