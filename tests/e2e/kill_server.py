#!/usr/bin/env python3
"""Kills the server with -9, again and again, under eight agents, then takes it away for longer than
crash_after. Nothing acknowledged may be lost, no configuration executed twice without a recorded retry,
no run falsely crashed. Usage: kill_server.py SWEEPD [KILLS]"""

import collections
import random
import sys
import time

import harness

KILLS = int(sys.argv[2]) if len(sys.argv) > 2 else 20
AGENTS, CELLS, LINES = 8, 320, 6
CRASH_AFTER = 6

SWEEP = f"""
program: train.sh
command: [/bin/sh, "${{program}}", "${{args}}"]
method: grid
name: kill-server
metric: {{name: loss, goal: minimize}}
parameters: {{x: {{min: 1, max: {CELLS}}}}}
crash_policy:
  suspect_after: 3s
  crash_after: {CRASH_AFTER}s
  fail_after: 2s
  start_grace: {CRASH_AFTER}s
  exit_grace: 5s
  rules: [{{when: {{}}, do: requeue}}]
"""
# Waits between its lines, as training does, so that kills fall in the middle of runs.
PROGRAM = f"""
echo "$SWEEPD_TRIAL $SWEEPD_RUN_ID" >> "$EXECUTIONS"
for i in $(seq {LINES}); do
  echo "{{\\"loss\\": 0.$i, \\"step\\": $i}}" >> "$SWEEPD_METRICS_FILE"
  echo "line $i of trial $SWEEPD_TRIAL"
  sleep 0.1
done
"""


def main():
    random.seed(7)
    with harness.folder() as work:
        executions = work / "executions"
        executions.touch()
        server = harness.Server(work / "data").start()
        sweep = server.launch_sweep(work, SWEEP)
        agents = [server.agent(sweep, work / f"agent{n}", program=PROGRAM, EXECUTIONS=str(executions))
                  for n in range(AGENTS)]
        seen = set()
        for n in range(KILLS):
            time.sleep(random.uniform(0.1, 1.2))
            # What we were told before the kill must be there after it.
            told = {r["id"]: r["history_lines"] for r in server.runs(sweep, "&state=finished")}
            server.kill()
            server.start()
            now = {r["id"]: r for r in server.runs(sweep)}
            for run, lines in told.items():
                assert run in now, f"run {run} was told and is gone"
                assert now[run]["state"] == "finished", f"run {run} was finished and is {now[run]['state']}"
                assert now[run]["history_lines"] >= lines, f"run {run} lost history"
            seen |= set(told)
            assert seen <= set(now), "runs are gone"
        server.kill()
        time.sleep(3 * CRASH_AFTER)
        server.start()
        harness.until(300, "the sweep does not end", lambda: server.get(f"/api/v1/sweeps/{sweep}")["state"] == "finished",
                      every=0.5)
        for a in agents:
            a.wait(timeout=60)
        check(server, sweep, executions, [a.returncode for a in agents])
        restarts = sorted(server.restarts)
        print(f"kill_server: {KILLS} kills and an outage of {3 * CRASH_AFTER} s, {CELLS} trials, "
              f"restart median {restarts[len(restarts) // 2] * 1000:.0f} ms: nothing lost, nothing doubled, "
              "nothing falsely crashed")


def check(server, sweep, executions, codes):
    runs = server.runs(sweep)
    crashed = server.moves("crashed", sweep=sweep)
    assert not crashed, f"falsely crashed: {crashed[:3]}"
    retries = len(server.events(sweep=sweep, type="trial_requeued"))
    assert len(runs) <= CELLS + retries, f"{len(runs)} runs, {CELLS} trials, {retries} recorded retries"
    by_trial = collections.Counter(r["trial"] for r in runs if r["state"] == "finished")
    assert len(by_trial) == CELLS and set(by_trial.values()) == {1}, "a trial without its one finished run"
    ran = collections.Counter(line.split()[1] for line in executions.read_text().splitlines())
    assert set(ran.values()) == {1}, f"executed twice: {[r for r, n in ran.items() if n > 1][:3]}"
    for r in runs:
        if r["state"] == "finished":
            assert r["history_lines"] == LINES, f"run {r['id']} has {r['history_lines']} of {LINES} lines"
    assert server.get("/api/v1/events/verify")["ok"], "the event chain is broken"
    assert codes == [0] * AGENTS, f"agents ended with {codes}"


if __name__ == "__main__":
    main()
