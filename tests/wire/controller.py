#!/usr/bin/env python3
"""wandb.controller(): a search in Python, with early stopping, drives our scheduler. Usage: controller.py SWEEPD VERSION"""

import sys

from bench import Bench


def main():
    with Bench(sys.argv[1], sys.argv[2], extra="sweeps") as b:
        drive = b.start("drive.py", WANDB_ENTITY="local")
        sweep = next(line.split()[1] for line in drive.stdout if line.startswith("SWEEP"))
        said = b.run("wandb", "agent", f"local/wire/{sweep}", timeout=300)
        out, _ = drive.communicate(timeout=60)
        assert drive.returncode == 0 and "the search is over" in out, out
        runs = sorted(b.runs(sweep=sweep), key=lambda r: r["trial"])
        got = [(r["config"]["lr"]["value"], r["state"], r["cause"]) for r in runs]
        assert got == [(0.5, "finished", "none"), (0.75, "killed", "early_stop"), (0.25, "finished", "none")], (got, said)
        assert b.rest(f"/sweeps/{sweep}")["state"] == "finished"
        assert len(b.history(runs[0]["id"])) == 3
        print(f"wandb {b.version}: wandb.controller() scheduled {len(runs)} runs and stopped one early")


if __name__ == "__main__":
    main()
