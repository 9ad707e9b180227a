#!/usr/bin/env python3
"""examples/digits/failures.yaml, for real: each way of failing gets its cause, with evidence, and a host
that is cut off for a while comes back as if nothing had been. Usage: failures.py SWEEPD"""

import json
import shutil
import subprocess

import harness

# how: (state of the first attempt, cause, words that must be in the evidence)
EXPECTED = {
    "none": ("finished", "none", ""),
    "exception": ("failed", "exception", "ValueError: the loss is not a number"),
    "exit": ("failed", "exit_code", "exit code 65"),
    "oom": ("failed", "oom", "MemoryError"),
    "scheduler": ("failed", "preempted", "DUE TO PREEMPTION"),
    "kill9": ("failed", "signal", "SIGKILL (9)"),
    "network": ("finished", "none", ""),
}


def main():
    with harness.folder() as work:
        shutil.copytree(harness.ROOT / "examples/digits", work / "digits")
        shutil.copy(harness.ROOT / "examples/sweepd_report.py", work)
        server = harness.Server(work / "data").start()
        sweep = server.cli("launch", str(work / "digits/failures.yaml"), "-q").split()[0]
        agent = subprocess.run([harness.SWEEPD, "agent", sweep], cwd=work / "digits", env=server.env(), timeout=300,
                               capture_output=True, text=True)
        assert agent.returncode == 0, agent.stdout + agent.stderr
        runs = json.loads(server.cli("runs", "--sweep", sweep, "-o", "json"))
        first = {r["config"]["how"]["value"]: r for r in runs if r["attempt"] == 1}
        assert set(first) == set(EXPECTED), sorted(first)
        for how, (state, cause, words) in EXPECTED.items():
            run = json.loads(server.cli("show", first[how]["id"], "-o", "json"))
            said = " | ".join(e["text"] for e in run["evidence"])
            assert (run["state"], run["cause"]) == (state, cause), f"{how}: {run['state']}, {run['cause']}: {said}"
            assert words in said, f"{how}: no '{words}' in: {said}"
            assert "about to fail: " + how in server.cli("logs", run["id"]), f"{how}: its output is not kept"
        states = [e["body"]["to"] for e in server.moves(run=first["network"]["id"])]
        assert states == ["running", "crashed", "running", "finished"], states
        history = first["network"]["history_lines"]
        assert history == 2 + 40 + 8, f"the cut-off run has {history} history lines"
        requeued = [r for r in runs if r["attempt"] == 2]
        assert [r["config"]["how"]["value"] for r in requeued] == ["scheduler"], "only the preempted one is retried"
        print(f"failures: {len(runs)} runs, every cause found with its evidence, the cut-off run came back")


if __name__ == "__main__":
    main()
