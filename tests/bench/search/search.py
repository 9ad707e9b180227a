"""One search: a problem, an optimiser, a budget; one at a time, or eight agents in virtual time."""

import heapq
import math
import time
import zlib

import numpy as np

import real
import synthetic
import tables

AGENTS = 8
CRASHED, NOT_A_NUMBER = 0.10, 0.05

ASYNCHRONOUS = ["bent_valley4", "wells5", "rugged6", "training6", "noisy_bowl5", "branches8", "power_tail4",
                "crash_region4", "svm_digits"]
SUITES = {
    "synthetic": [name for name in synthetic.PROBLEMS if name != "crash_region4"],
    "real": list(real.PROBLEMS),
    "tables": tables.PROBLEMS,
    "asynchronous": ASYNCHRONOUS,
}


def problem(name, seed):
    if name in real.PROBLEMS:
        return real.Real(name, seed)
    if name in tables.PROBLEMS:
        return tables.Table(name, seed)
    return synthetic.PROBLEMS[name](name, seed)


class Fates:
    """What befalls the runs of a search: a function of (problem, seed, number of the run), so that every
    optimiser meets the same durations, crashes and NaNs at the same places."""

    def __init__(self, name, seed, faulty):
        self.key = [zlib.crc32(name.encode()), seed, 3]
        self.faulty = faulty

    def of(self, k):
        rng = np.random.default_rng([*self.key, k])
        duration, luck = rng.lognormal(0, 0.7), rng.random()
        if not self.faulty or luck >= CRASHED + NOT_A_NUMBER:
            return duration, "finished", rng
        if luck < CRASHED:
            return duration * rng.random(), "crashed", rng
        return duration, "nan", rng


def run(suite, name, seed, budget, make):
    """Gives the runs in the order in which they ended, and how long each suggestion took."""
    asynchronous = suite == "asynchronous"
    p = problem(name, seed)
    fates = Fates(name, seed, asynchronous)
    optimiser = make(p.parameters)
    agents = AGENTS if asynchronous else 1
    ended, asked, now, seconds = [], 0, 0.0, []
    live = []  # (when it ends, number, handle, config, fate)
    try:
        while asked < budget or live:
            if asked < budget and len(live) < agents:
                started = time.perf_counter()
                answer = optimiser.ask()
                seconds.append(time.perf_counter() - started)
                if answer is None:
                    budget = asked  # exhausted
                    continue
                handle, config = answer
                duration, fate, rng = fates.of(asked)
                heapq.heappush(live, (now + duration, asked, handle, config, fate, rng))
                asked += 1
                continue
            now, number, handle, config, fate, rng = heapq.heappop(live)
            if p.crashes(config):
                fate = "crashed"
            entry = {"n": number, "config": config, "state": fate}
            if fate == "finished":
                entry["loss"] = p.loss(config)
                entry["seen"] = p.observed(config, rng)
                optimiser.tell(handle, "finished", entry["seen"])
            else:
                optimiser.tell(handle, "crashed" if fate == "crashed" else "finished",
                               None if fate == "crashed" else math.nan)
            ended.append(entry)
    finally:
        optimiser.close()
    return {"runs": ended, "seconds": [round(s, 5) for s in seconds]}


def best_so_far(runs, budget):
    """The least true loss among the first k runs that ended, k = 1 .. budget (infinite before the first)."""
    best, out = math.inf, []
    for entry in runs:
        best = min(best, entry.get("loss", math.inf))
        out.append(best)
    return out + [best] * (budget - len(out))
