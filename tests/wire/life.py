#!/usr/bin/env python3
"""What a program can do with its run, and the public API's reads and writes. Usage: life.py SWEEPD VERSION"""

import json
import sys
import urllib.error
import urllib.request

from bench import KEY, Bench


def check_ends(b):
    b.run("life.py", timeout=300)
    assert "UsageError" in b.run("life.py", "must")
    said = b.run("raises.py", code=1)
    runs = {r["id"]: r for r in b.runs()}
    ends = {i: (r["state"], r["exit_code"]) for i, r in runs.items()}
    assert ends["code-3"] == ("failed", 3), ends
    assert ends["preempted"][0] == "preempted" and ends["not-preempted"] == ("finished", 0), ends
    assert ends["raises"] == ("failed", 1) and runs["raises"]["cause"] == "exception", (runs["raises"], said)
    assert ends["rich"] == ("finished", 0), ends
    rows = b.history("rich")
    assert [row["_step"] for row in rows] == [0, 10, 11], rows
    assert rows[0]["x"] == 1.0 and rows[0]["y"] == "NaN" and rows[0]["z"] == "-Infinity", rows[0]
    log = b.log("rich")
    shown = [line.rsplit("\r", 1)[-1] for line in log.split("\n")]
    assert "progress 100 %" in shown and "the end of the bar" in shown, log


def check_offline(b):
    b.run("offline.py")
    assert "offline-run" not in {r["id"] for r in b.runs()}
    b.run("wandb", "sync", str(next((b.work / "wandb").glob("offline-run-*"))))
    run = b.rest("/runs/offline-run")
    assert run["state"] == "finished", run
    assert [row["_step"] for row in b.history("offline-run")] == [0, 1, 2, 3, 4]


def check_login(b):
    said = b.run("wandb", "login", "--relogin", "--host", b.url, KEY)
    assert "rror" not in said, said
    assert KEY in (b.work / "home/.netrc").read_text()


def check_errors(b):
    """What is not there is named, whoever asks."""
    def ask(query, status):
        request = urllib.request.Request(b.url + "/graphql", json.dumps({"query": query}).encode(), {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request) as answer:
                got = answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as e:
            got = e.code, json.loads(e.read())
        assert got[0] == status, got
        return got[1]["errors"][0]["message"]
    assert "'viewr'" in ask("{ viewr { id } }", 400)
    assert "rewindRun" in ask('mutation { rewindRun(input: {runName: "a", metricName: "_step", metricValue: 1}) { rewoundRun { id } } }', 400)


def main():
    with Bench(sys.argv[1], sys.argv[2]) as b:
        check_ends(b)
        check_offline(b)
        said = b.run("api_writes.py")
        assert "wrote everything" in said, said
        check_login(b)
        check_errors(b)
        print(f"wandb {b.version}: every way to end, resume, media, files, offline and sync, the public API's reads and writes, login")


if __name__ == "__main__":
    main()
