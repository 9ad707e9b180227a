#!/usr/bin/env python3
"""Live runs while the server is killed, and a run that is stopped for longer than its crash timer.
Usage: survive.py SWEEPD VERSION"""

import os
import re
import signal
import sys

from bench import Bench, children_of

RUNS = 10
FAST_STREAM = {"WANDB_X_FILE_STREAM_TRANSMIT_INTERVAL": "1"}  # what 0.16 does not know it ignores
POLICY = """
crash_policy:
  suspect_after: 4s
  crash_after: 8s
  fail_after: 2s
  start_grace: 1s
"""


def check_end(b, process, run):
    said, _ = process.communicate(timeout=180)
    assert process.returncode == 0, said
    steps = int(re.search(r"^steps (\d+)$", said, re.M).group(1))
    got = b.rest(f"/runs/{run}")
    assert (got["state"], got["exit_code"]) == ("finished", 0), got
    rows = [row for page in b.history_pages(run) for row in page]
    assert [row["_step"] for row in rows] == list(range(steps)), (run, steps, [row["_step"] for row in rows])
    return steps


def server_killed(b):
    ids = [f"run-{i}" for i in range(RUNS)]
    processes = {i: b.start("steps.py", i, **FAST_STREAM) for i in ids}

    def lines():
        for i, p in processes.items():
            assert p.poll() is None, f"{i} ended with {p.returncode}: {p.stdout.read()}"
        return {r["id"]: r["history_lines"] for r in b.runs()}

    b.until(lambda: sum(n > 0 for n in lines().values()) == RUNS, 120, "ten runs log")
    for _ in range(2):
        before = lines()
        b.restart()
        b.until(lambda: all(lines().get(i, 0) > before[i] for i in ids), 120, "every run goes on after the server was killed")
    (b.work / "go").touch()
    steps = [check_end(b, processes[i], i) for i in ids]
    assert not b.rest("/events?type=run_moved&limit=1000")["items"] or not [
        e for e in b.rest("/events?type=run_moved&limit=1000")["items"] if e["body"]["to"] in ("crashed", "failed")]
    (b.work / "go").unlink()
    return sum(steps)


def stopped_for_long(b):
    p = b.start("steps.py", "sleeper", **FAST_STREAM)
    state = lambda: next((r["state"] for r in b.runs() if r["id"] == "sleeper"), "")  # noqa: E731
    b.until(lambda: state() == "running" and b.rest("/runs/sleeper")["history_lines"] > 0, 60, "it logs")
    family = children_of(p.pid)
    for pid in family:
        os.kill(pid, signal.SIGSTOP)
    b.until(lambda: state() == "failed", 60, "crashed when it was silent, failed by policy")
    run = b.rest("/runs/sleeper")
    assert run["marked_by_policy"] and run["cause"] == "silent", run
    for pid in reversed(family):
        os.kill(pid, signal.SIGCONT)
    b.until(lambda: state() == "running", 60, "back to running when it wakes")
    (b.work / "go").touch()
    check_end(b, p, "sleeper")


def main():
    with Bench(sys.argv[1], sys.argv[2], POLICY.replace("8s", "300s").replace("4s", "90s")) as b:
        steps = server_killed(b)
    slept = ""
    if sys.argv[2] != "0.16.6":  # whose stream cannot be made to post oftener than the timers here
        with Bench(sys.argv[1], sys.argv[2], POLICY) as b:
            stopped_for_long(b)
            slept = "; a stopped process crashed, failed, and came back"
    print(f"wandb {sys.argv[2]}: the server killed twice under ten runs, {steps} steps, each once{slept}")


if __name__ == "__main__":
    main()
