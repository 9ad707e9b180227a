#!/usr/bin/env python3
"""Kills the server with -9, again and again, under eight agents, then takes it away for longer than
crash_after. Nothing acknowledged may be lost, no configuration executed twice without a recorded retry,
no run falsely crashed. Usage: kill_server.py SWEEPD [KILLS]"""

import collections
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

SWEEPD = os.path.abspath(sys.argv[1])
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


def get(url, path):
    with urllib.request.urlopen(url + path, timeout=30) as answer:
        return json.load(answer)


def everything(url, path):
    items, cursor = [], ""
    while True:
        page = get(url, f"{path}&limit=1000" + (f"&cursor={cursor}" if cursor else ""))
        items += page["items"]
        cursor = page.get("next")
        if not cursor:
            return items


class Server:
    def __init__(self, data, port):
        self.data, self.port, self.log = data, port, open(data.parent / "server.log", "ab")
        self.url = f"http://127.0.0.1:{port}"
        self.restarts = []

    def start(self):
        began = time.monotonic()
        self.process = subprocess.Popen(
            [SWEEPD, "serve", "--listen", f"127.0.0.1:{self.port}", "--data", str(self.data), "--log-level", "warn"],
            stdout=subprocess.DEVNULL, stderr=self.log)
        while True:
            try:
                urllib.request.urlopen(self.url + "/readyz", timeout=5).close()
                break
            except OSError:
                assert self.process.poll() is None, "the server ended: see server.log"
                assert time.monotonic() - began < 60, "the server does not come up"
                time.sleep(0.02)
        self.restarts.append(time.monotonic() - began)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def main():
    random.seed(7)
    work = pathlib.Path(tempfile.mkdtemp(prefix="sweepd-kill-"))
    executions = work / "executions"
    executions.touch()
    (work / "sweep.yaml").write_text(SWEEP)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    server = Server(work / "data", port)
    server.start()
    env = dict(os.environ, SWEEPD_URL=server.url, EXECUTIONS=str(executions))
    sweep = subprocess.run([SWEEPD, "launch", str(work / "sweep.yaml"), "-q"], env=env, check=True,
                           capture_output=True, text=True).stdout.split()[0]
    agents = []
    try:
        for n in range(AGENTS):
            place = work / f"agent{n}"
            place.mkdir()
            (place / "train.sh").write_text(PROGRAM)
            agents.append(subprocess.Popen([SWEEPD, "agent", sweep], cwd=place, env=env,
                                           stdout=open(place / "log", "wb"), stderr=subprocess.STDOUT))
        finished_before = set()
        for n in range(KILLS):
            time.sleep(random.uniform(0.1, 1.2))
            # What we were told before the kill must be there after it.
            told = {r["id"]: r["history_lines"] for r in everything(server.url, f"/api/v1/runs?sweep={sweep}&state=finished")}
            server.kill()
            server.start()
            now = {r["id"]: r for r in everything(server.url, f"/api/v1/runs?sweep={sweep}")}
            for run, lines in told.items():
                assert run in now, f"run {run} was told and is gone"
                assert now[run]["state"] == "finished", f"run {run} was finished and is {now[run]['state']}"
                assert now[run]["history_lines"] >= lines, f"run {run} lost history"
            assert finished_before <= set(now), "runs are gone"
            finished_before = set(told)
        server.kill()
        time.sleep(3 * CRASH_AFTER)
        server.start()
        deadline = time.monotonic() + 300
        while get(server.url, f"/api/v1/sweeps/{sweep}")["state"] != "finished":
            assert time.monotonic() < deadline, "the sweep does not end"
            time.sleep(0.5)
        for a in agents:
            a.wait(timeout=60)
        check(server.url, sweep, executions, [a.returncode for a in agents])
        restarts = sorted(server.restarts)
        print(f"kill_server: {KILLS} kills and an outage of {3 * CRASH_AFTER} s, {CELLS} trials, "
              f"restart median {restarts[len(restarts) // 2] * 1000:.0f} ms: nothing lost, nothing doubled, "
              "nothing falsely crashed")
        shutil.rmtree(work)
    except BaseException:
        print(f"kill_server: the logs and the database are in {work}", file=sys.stderr)
        raise
    finally:
        for p in agents + [server.process]:
            if p.poll() is None:
                p.kill()


def check(url, sweep, executions, codes):
    runs = everything(url, f"/api/v1/runs?sweep={sweep}")
    events = []
    while True:
        page = get(url, f"/api/v1/events?sweep={sweep}&limit=1000&after={events[-1]['seq'] if events else 0}")
        events += page["items"]
        if len(page["items"]) < 1000:
            break
    crashed = [e for e in events if e["type"] == "run_moved" and e["body"]["to"] == "crashed"]
    assert not crashed, f"falsely crashed: {crashed[:3]}"
    retries = sum(e["type"] == "trial_requeued" for e in events)
    assert len(runs) <= CELLS + retries, f"{len(runs)} runs, {CELLS} trials, {retries} recorded retries"
    by_trial = collections.Counter(r["trial"] for r in runs if r["state"] == "finished")
    assert len(by_trial) == CELLS and set(by_trial.values()) == {1}, "a trial without its one finished run"
    ran = collections.Counter(line.split()[1] for line in executions.read_text().splitlines())
    assert set(ran.values()) == {1}, f"executed twice: {[r for r, n in ran.items() if n > 1][:3]}"
    for r in runs:
        if r["state"] == "finished":
            assert r["history_lines"] == LINES, f"run {r['id']} has {r['history_lines']} of {LINES} lines"
    assert get(url, "/api/v1/events/verify")["ok"], "the event chain is broken"
    assert codes == [0] * AGENTS, f"agents ended with {codes}"


if __name__ == "__main__":
    main()
