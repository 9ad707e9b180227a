#!/usr/bin/env python3
"""examples/digits/failures.yaml, for real: each way of failing gets its cause, with evidence, and a host
that is cut off for a while comes back as if nothing had been. Usage: failures.py SWEEPD"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SWEEPD = os.path.abspath(sys.argv[1])
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
    work = pathlib.Path(tempfile.mkdtemp(prefix="sweepd-failures-"))
    shutil.copytree(ROOT / "examples/digits", work / "digits")
    shutil.copy(ROOT / "examples/sweepd_report.py", work)
    server = subprocess.Popen([SWEEPD, "serve", "--listen", "127.0.0.1:0", "--data", str(work / "data"), "--log-level", "warn"],
                              stdout=subprocess.DEVNULL, stderr=open(work / "server.log", "wb"))
    try:
        url_file = work / "data/sweepd.url"
        while not url_file.exists():
            assert server.poll() is None, (work / "server.log").read_text()
            time.sleep(0.05)
        env = dict(os.environ, SWEEPD_URL=url_file.read_text().strip())

        def cli(*words):
            return subprocess.run([SWEEPD, *words], env=env, check=True, capture_output=True, text=True).stdout

        sweep = cli("launch", str(work / "digits/failures.yaml"), "-q").split()[0]
        agent = subprocess.run([SWEEPD, "agent", sweep], cwd=work / "digits", env=env, timeout=300,
                               capture_output=True, text=True)
        assert agent.returncode == 0, agent.stdout + agent.stderr
        runs = json.loads(cli("runs", "--sweep", sweep, "-o", "json"))
        first = {r["config"]["how"]["value"]: r for r in runs if r["attempt"] == 1}
        assert set(first) == set(EXPECTED), sorted(first)
        for how, (state, cause, words) in EXPECTED.items():
            run = json.loads(cli("show", first[how]["id"], "-o", "json"))
            said = " | ".join(e["text"] for e in run["evidence"])
            assert (run["state"], run["cause"]) == (state, cause), f"{how}: {run['state']}, {run['cause']}: {said}"
            assert words in said, f"{how}: no '{words}' in: {said}"
            assert "about to fail: " + how in cli("logs", run["id"]), f"{how}: its output is not kept"
        moves = json.loads(cli("events", "--run", first["network"]["id"], "-o", "json"))
        states = [e["body"]["to"] for e in moves if e["type"] == "run_moved"]
        assert states == ["running", "crashed", "running", "finished"], states
        history = first["network"]["history_lines"]
        assert history == 2 + 40 + 8, f"the cut-off run has {history} history lines"
        requeued = [r for r in runs if r["attempt"] == 2]
        assert [r["config"]["how"]["value"] for r in requeued] == ["scheduler"], "only the preempted one is retried"
        print(f"failures: {len(runs)} runs, every cause found with its evidence, the cut-off run came back")
        shutil.rmtree(work)
    except BaseException:
        print(f"failures: the logs and the database are in {work}", file=sys.stderr)
        raise
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
