#!/usr/bin/env python3
"""The search in the service: a seeded sweep gives the same sequence, with the server killed -9 in the middle
too; every trial says why; a finite space is tried once and its end told; and a search of one's own drives
the scheduler over REST. Usage: search.py SWEEPD"""

import json
import shutil
import subprocess
import sys

import harness

SWEEP = """
program: train.sh
command: [/bin/sh, "${program}", "${args}"]
method: bayes
name: seeded
seed: 7
run_cap: 14
metric: {name: loss, goal: minimize}
parameters:
  x: {min: 0.0, max: 1.0}
  n: {min: 1, max: 50}
  kind: {values: [a, b, c]}
"""
FINITE = SWEEP.replace("run_cap: 14\n", "").replace("x: {min: 0.0, max: 1.0}", "x: {values: [1, 2]}").replace(
    "max: 50", "max: 3")
# A loss of x and n by the shell's own arithmetic is enough: awk prints it.
PROGRAM = """
for word in "$@"; do case "$word" in --x=*) x=${word#--x=};; --n=*) n=${word#--n=};; esac; done
awk -v x="$x" -v n="$n" 'BEGIN { printf "{\\"loss\\": %.9f}\\n", (x - 0.3) ^ 2 + (n - 20) ^ 2 / 400 }' >> "$SWEEPD_METRICS_FILE"
"""


def play(server, work, text, kill_at=None):
    """Runs a sweep with one agent; its trials, oldest first."""
    sweep = server.launch_sweep(work, text)
    agent = server.agent(sweep, work / f"agent-{sweep}", program=PROGRAM)
    if kill_at:
        harness.until(60, "the sweep does not come so far",
                      lambda: server.get(f"/api/v1/sweeps/{sweep}")["trials"]["done"] >= kill_at, every=0.02)
        server.kill()
        server.start()
    assert agent.wait(timeout=120) == 0, (work / f"agent-{sweep}" / "log").read_text()
    found = server.get(f"/api/v1/sweeps/{sweep}")
    assert found["state"] == "finished", found
    return server.get(f"/api/v1/sweeps/{sweep}/trials?limit=1000")["items"]


def configs(trials):
    return [json.dumps(t["config"], sort_keys=True) for t in trials]


def main():
    with harness.folder() as work:
        server = harness.Server(work / "data").start()
        whole = play(server, work, SWEEP)
        assert len(whole) == 14, len(whole)
        for kill_at in (3, 11):
            again = play(server, work, SWEEP, kill_at)
            assert configs(again) == configs(whole), (kill_at, configs(again), configs(whole))
        assert configs(play(server, work, SWEEP.replace("seed: 7", "seed: 8"))) != configs(whole)
        for t in whole:
            assert t["search_info"]["why"] and "expected_improvement" in t["search_info"], t
        shown = server.cli("show", whole[-1]["runs"][0])
        assert "Why this configuration" in shown, shown

        finite = play(server, work, FINITE)
        assert len(set(configs(finite))) == len(finite) == 18, configs(finite)

        place = work / "ask_and_tell"
        shutil.copytree(harness.ROOT / "examples" / "ask_and_tell", place)
        sweep = server.launch_sweep(work, (place / "sweep.yaml").read_text())
        agent = server.agent(sweep, place, "-j", "4")
        said = subprocess.run([sys.executable, "search.py", sweep], cwd=place, env=server.env(), check=True,
                              capture_output=True, text=True, timeout=120).stdout
        assert said.startswith("40 configurations tried; best loss"), said
        assert agent.wait(timeout=60) == 0
        assert server.get(f"/api/v1/sweeps/{sweep}")["state"] == "finished"
        print("search: the same 14 configurations three times, twice with the server killed; 18 of 18 cells once each; "
              + said.strip())


main()
