#!/usr/bin/env python3
"""Hard places: a second server on the same folder, more requests than the queue takes, a full disk, a locked and
a damaged database. Each has a clear error that says what to do; nothing acknowledged is lost, and no run is
marked for it. Usage: hard_places.py SWEEPD"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time

import harness

CRASH_AFTER = 4
EXIT_STORE, EXIT_CONFIG = 74, 78  # sysexits.h: EX_IOERR, EX_CONFIG

SWEEP = f"""
program: train.sh
command: [/bin/sh, "${{program}}"]
method: random
name: hard-places
parameters: {{x: {{min: 0.0, max: 1.0}}}}
crash_policy:
  suspect_after: 2s
  crash_after: {CRASH_AFTER}s
  start_grace: {CRASH_AFTER}s
  fail_after: 1s
  rules: [{{when: {{}}, do: requeue}}]
"""


class Work:
    """Runs of an agent that lists them every half second, and what was acknowledged of each."""

    def __init__(self, server, work, runs):
        self.server = server
        self.sweep = server.launch_sweep(work, SWEEP)
        self.agent = harness.ForeignAgent(server, self.sweep, "worker")
        self.runs = []
        for _ in range(runs):
            self.runs.append(self.agent.claim())
            self.agent.start(self.runs[-1])
        self.lines = {r["id"]: 0 for r in self.runs}
        self.refused = {}
        self.over = threading.Event()
        self.heart = threading.Thread(target=self.beat)
        self.heart.start()

    def beat(self):
        alive = {"alive": [r["id"] for r in self.runs]}
        while not self.over.wait(0.5):
            with contextlib.suppress(OSError):
                self.server.ask("POST", f"/api/v1/agents/{self.agent.id}/heartbeat", alive)

    def report(self, run, row, size=1):
        """Sends the next `size` lines once; True when they are acknowledged. A refusal must say when to come back."""
        at = self.lines[run["id"]]
        body = {"epoch": run["epoch"], "history_offset": at, "history": [dict(row, step=at + n) for n in range(size)]}
        try:
            status, headers, text = self.server.ask("POST", f"/api/v1/runs/{run['id']}/report", body, timeout=10)
        except TimeoutError:
            return False  # no answer is no acknowledgement
        if status == 200:
            self.lines[run["id"]] += size
            return True
        problem = json.loads(text)
        assert status in (429, 503, 507), f"{status}: {text}"
        assert int(headers["Retry-After"]) >= 1 and problem["detail"], (dict(headers), text)
        self.refused[status] = problem["detail"]
        return False

    def check(self):
        """Everything acknowledged is there, and no run has been marked."""
        stored = {r["id"]: r for r in self.server.runs(self.sweep)}
        for run, lines in self.lines.items():
            assert stored[run]["history_lines"] >= lines, f"run {run} lost {lines - stored[run]['history_lines']} lines"
            assert stored[run]["state"] == "running", f"run {run} is {stored[run]['state']}: {stored[run]['reason']}"
        assert not self.server.moves("crashed", sweep=self.sweep), "a run was marked"
        assert self.server.get("/api/v1/events/verify")["ok"]

    def end(self):
        self.over.set()
        self.heart.join()


@contextlib.contextmanager
def working(server, work, runs):
    at_work = Work(server, work, runs)
    try:
        yield at_work
    finally:
        at_work.end()


def ends(server, code, *words):
    """The server's process ends by itself with that code, and its last words hold these."""
    assert server.process.wait(timeout=60) == code, f"exit {server.process.returncode}: {server.log()[-500:]}"
    said = server.log()[-2000:]
    for word in words:
        assert word in said, f"no '{word}' in: {said}"


def second_server(work):
    server = harness.Server(work / "data").start()
    with working(server, work, 1) as at_work:
        at_work.report(at_work.runs[0], {"loss": 1})
        second = harness.Server(work / "data")
        second.launch()
        ends(second, EXIT_CONFIG, f"another sweepd (pid {server.process.pid}) owns", "--data")
        at_work.report(at_work.runs[0], {"loss": 1})
        at_work.check()
    server.stop()


def overload(work):
    """64 clients that write without pause, and a queue of eight."""
    server = harness.Server(work / "data", "--limits-queue-commands-max", "8", "--limits-batch-commands-max", "2").start()
    with working(server, work, 64) as at_work:
        until = time.monotonic() + 2 * CRASH_AFTER

        def client(run):
            while time.monotonic() < until:
                at_work.report(run, {"loss": 0.5})

        clients = [threading.Thread(target=client, args=[r]) for r in at_work.runs]
        for c in clients:
            c.start()
        for c in clients:
            c.join()
        told, total = at_work.refused, sum(at_work.lines.values())
        assert 429 in told and "try again" in told[429], f"the queue was never full: {told}"
        for run in at_work.runs:
            harness.until(10, "still refused after the overload", lambda run=run: at_work.report(run, {"loss": 0.5}))
        server.kill()
        server.start()
        at_work.check()
    server.stop()
    return total


def full_disk(work):
    """A file system of 48 MB, filled by somebody else while runs report."""
    place, image = work / "small", work / "image"
    place.mkdir()
    with open(image, "wb") as f:
        f.truncate(48 << 20)
    for command in (["mkfs.ext4", "-q", "-m", "0", str(image)], ["mount", "-o", "loop", str(image), str(place)]):
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as e:
            print(f"hard_places: SKIPPED: the full disk: cannot mount a small file system here "
                  f"({command[0]}: {getattr(e, 'stderr', e)})")
            return False
    try:
        server = harness.Server(place / "data").start()
        with working(server, work, 4) as at_work:
            with open(place / "somebody-elses", "wb") as filler, contextlib.suppress(OSError):
                while os.statvfs(place).f_bavail * os.statvfs(place).f_frsize > 2 << 20:
                    filler.write(b"x" * (256 << 10))
                    filler.flush()
            row = {"loss": 0.5, "text": "y" * 2000}
            # The write that meets the full disk waits for room; those after it are refused.
            harness.until(60, "the disk does not fill up",
                          lambda: [at_work.report(r, row, 20) for r in at_work.runs] and 507 in at_work.refused, 0)
            assert "the disk is full" in at_work.refused[507] and "room" in at_work.refused[507], at_work.refused
            status, _, text = server.ask("GET", "/readyz")
            assert status == 503 and "the disk is full" in text, text
            assert server.ask("GET", "/healthz")[0] == 200, "a full disk is no reason to be killed"
            doctor = subprocess.run([harness.SWEEPD, "doctor"], env=server.env(), capture_output=True, text=True)
            assert "full: the server only reads until there is room" in doctor.stdout, doctor.stdout
            time.sleep(2 * CRASH_AFTER)  # nobody may be marked for it
            os.unlink(place / "somebody-elses")
            harness.until(30, "the server does not notice the room", server.ready)
            for run in at_work.runs:
                assert at_work.report(run, row), f"refused although there is room: {at_work.refused}"
            at_work.check()
            server.kill()
            server.start()
            at_work.check()
        server.stop()
    finally:
        harness.end_all()
        subprocess.run(["umount", str(place)], check=True)
    return True


def locked_database(work):
    server = harness.Server(work / "data").start()
    with working(server, work, 2) as at_work:
        at_work.report(at_work.runs[0], {"loss": 1})
        # Another program, as a person's SQLite shell in the middle of a transaction.
        holder = harness.start_process([sys.executable, "-c", f"""
import sqlite3, sys
db = sqlite3.connect({str(work / 'data/sweepd.db')!r}, isolation_level=None)
db.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert holder.stdout.readline() == "held\n"
        with contextlib.suppress(OSError):  # its end is no acknowledgement
            assert not at_work.report(at_work.runs[1], {"loss": 1}), "acknowledged without a database"
        ends(server, EXIT_STORE, "database is locked", "fuser", "start the server again")
        holder.stdin.close()
        holder.wait()
        server.start()
        harness.until(20, "no write after the lock is gone", lambda: at_work.report(at_work.runs[1], {"loss": 1}))
        at_work.check()

        # The same at start.
        server.stop()
        holder = harness.start_process([sys.executable, "-c", f"""
import sqlite3, sys
db = sqlite3.connect({str(work / 'data/sweepd.db')!r}, isolation_level=None)
db.execute("PRAGMA locking_mode=EXCLUSIVE")
db.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert holder.stdout.readline() == "held\n"
        server.launch()
        ends(server, EXIT_STORE, "database is locked", "fuser", "start the server again")
        holder.stdin.close()
        holder.wait()
        server.start()
        at_work.check()
    server.stop()


def damaged_database(work):
    server = harness.Server(work / "data").start()
    with working(server, work, 2) as at_work:
        for _ in range(20):
            for run in at_work.runs:
                at_work.report(run, {"loss": 0.5, "text": "z" * 2000}, 20)
        server.cli("backup", str(work / "backup.db"))
        server.stop()
        database = work / "data/sweepd.db"
        good = database.read_bytes()
        for at, length in ((len(good) // 2, 64 << 10), (0, 100)):
            for log in work.glob("data/sweepd.db-*"):
                log.unlink()  # of the last round: a log belongs to its database
            database.write_bytes(good[:at] + b"\xa5" * length + good[at + length:])
            server.launch()
            ends(server, EXIT_STORE, "damaged", "backup", str(database))
            assert database.stat().st_size == len(good), "the damaged file was not kept"
        for left in work.glob("data/sweepd.db*"):
            left.unlink()
        shutil.copy(work / "backup.db", database)
        database.chmod(0o600)
        server.start()
        at_work.check()
    server.stop()


def main():
    with harness.folder() as work:
        for place in ("second", "overload", "full", "locked", "damaged"):
            (work / place).mkdir()
        second_server(work / "second")
        total = overload(work / "overload")
        full = full_disk(work / "full")
        locked_database(work / "locked")
        damaged_database(work / "damaged")
        print(f"hard_places: a second server, an overload ({total} acknowledged writes), {'a full disk, ' if full else ''}"
              "a locked and a damaged database: clear errors, nothing acknowledged lost, no run marked")


if __name__ == "__main__":
    main()
