#!/usr/bin/env python3
"""kill -9 of a training process under wandb agent: crashed with its cause, and requeued, within 40 s. (0.16 keeps a second
process, which is left and tells by what signal the program died; the newest client goes with its program.)
Usage: kill.py SWEEPD VERSION"""

import os
import signal
import sys
import time

from bench import Bench
from sweep import sweep_of

SWEEP = """
program: hang_once.py
project: wire
method: grid
metric: {name: loss, goal: minimize}
parameters:
  lr: {values: [1]}
crash_policy:
  rules:
    - {when: {}, do: requeue, max: 1}
  backoff: {initial: 1s}
"""


def main():
    with Bench(sys.argv[1], sys.argv[2]) as b:
        (b.work / "sweep.yaml").write_text(SWEEP)
        sweep = sweep_of(b.run("wandb", "sweep", "sweep.yaml"))
        agent = b.agent(f"local/wire/{sweep}", WANDB_AGENT_DISABLE_FLAPPING="true")
        pid = b.work / "first.pid"
        b.until(lambda: pid.exists() and pid.read_text(), 120, "the first run starts")
        b.until(lambda: any(r["history_lines"] > 0 for r in b.runs(sweep=sweep)), 60, "its history arrives")
        os.kill(int(pid.read_text()), signal.SIGKILL)
        killed = time.monotonic()
        first = b.until(lambda: [r for r in b.runs(sweep=sweep) if r["attempt"] == 1 and r["state"] in ("crashed", "failed")],
                        60, "the run is known to be dead")[0]
        took = time.monotonic() - killed
        assert took < 40, f"known after {took:.1f} s"
        cause, sig = ("signal", 9) if b.version == "0.16.6" else ("exited_silently", None)
        assert (first["cause"], first["signal"]) == (cause, sig) and first["evidence"], first
        assert first["history_lines"] == 1, "what it logged stays"
        agent.communicate(timeout=180)
        runs = {r["attempt"]: r for r in b.runs(sweep=sweep)}
        assert runs[1]["state"] == "failed" and runs[2]["state"] == "finished", runs
        print(f"wandb {b.version}: a killed run was known dead after {took:.1f} s, failed, requeued and finished")


if __name__ == "__main__":
    main()
