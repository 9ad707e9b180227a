#!/usr/bin/env python3
"""A search of one's own, over REST: push configurations, read what became of them, push better ones.

    sweepd serve &
    sweepd launch sweep.yaml            # prints the sweep's id
    sweepd agent SWEEP -j 4 &           # in this folder
    ./search.py SWEEP                   # 40 configurations, the best one printed at the end

SWEEPD_URL names the server, SWEEPD_API_KEY the key, when there is one. Needs only Python. Nothing is
lost when this program is stopped: it goes on from the trials that the server has.
"""
import json
import math
import os
import random
import sys
import time
import urllib.request
import uuid

URL = os.environ.get("SWEEPD_URL", "http://127.0.0.1:8088")
BUDGET, AT_ONCE = 40, 4


def ask(path, body=None):
    """GET, or POST of a body. A POST is sent with an Idempotency-Key, so it may be repeated safely."""
    headers = {"Content-Type": "application/json"}
    if key := os.environ.get("SWEEPD_API_KEY"):
        headers["Authorization"] = f"Bearer {key}"
    data = None
    if body is not None:
        data, headers["Idempotency-Key"] = json.dumps(body).encode(), uuid.uuid4().hex
    with urllib.request.urlopen(urllib.request.Request(URL + path, data, headers), timeout=30) as answer:
        return json.load(answer)


def propose(done):
    """Anywhere at first; then near one of the three best."""
    if len(done) < 8 or random.random() < 0.2:
        return {"rate": 10 ** random.uniform(-3, 0), "momentum": random.uniform(0, 0.99)}
    near = random.choice(sorted(done, key=lambda t: t["value"])[:3])["config"]
    rate, momentum = near["rate"]["value"], near["momentum"]["value"]
    return {"rate": min(1, max(0.001, rate * math.exp(random.gauss(0, 0.4)))),
            "momentum": min(0.99, max(0, momentum + random.gauss(0, 0.1)))}


def main():
    sweep = sys.argv[1]
    path = f"/api/v1/sweeps/{sweep}/trials"
    while True:
        trials = ask(path + "?limit=1000")["items"]
        done = [t for t in trials if t["state"] == "done" and isinstance(t["value"], float | int)]
        open_now = sum(t["state"] in ("waiting", "held") for t in trials)
        wanted = min(AT_ONCE - open_now, BUDGET - len(trials))
        if wanted > 0:
            ask(path, {"configs": [propose(done) for _ in range(wanted)]})
        elif len(trials) >= BUDGET and open_now == 0:
            break
        time.sleep(0.2)
    if not ask(f"/api/v1/sweeps/{sweep}")["state"] == "finished":
        ask(path, {"configs": [], "end": True})
    best = min(done, key=lambda t: t["value"])
    print(f"{len(trials)} configurations tried; best loss {best['value']:.6f} at {json.dumps(best['config'])}")


main()
