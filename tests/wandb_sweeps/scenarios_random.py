"""method: random."""

import collections
import math
import random

from adapter import SweepRun

PARAMETERS = {
    "lr": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1.0},
    "width": {"min": 3, "max": 12},
    "kind": {"values": ["a", "b", None]},
    "p": {"values": ["rare", "often"], "probabilities": [0.1, 0.9]},
    "n": {"distribution": "normal", "mu": 2, "sigma": 3},
    "fixed": {"value": {"any": [1]}},
    "group": {"parameters": {"u": {"min": -1.0, "max": 1.0}}},
}


def config():
    return {"method": "random", "parameters": PARAMETERS}


def draws_follow_their_distributions(library):
    """20,000 draws a parameter: every tenth of the distribution holds its share, to five sigma."""
    n = 20_000
    runs = library.next_runs(config(), [], n=n)
    assert len(runs) == n
    for name in ("lr", "n"):
        shares = library.cdf(PARAMETERS[name], [run.config[name]["value"] for run in runs])
        check_counts(collections.Counter(min(int(10 * s), 9) for s in shares), {i: 0.1 for i in range(10)}, n)
    check_counts(collections.Counter(run.config["width"]["value"] for run in runs), {i: 0.1 for i in range(3, 13)}, n)
    check_counts(collections.Counter(run.config["kind"]["value"] for run in runs), {k: 1 / 3 for k in ("a", "b", None)}, n)
    check_counts(collections.Counter(run.config["p"]["value"] for run in runs), {"rare": 0.1, "often": 0.9}, n)
    halves = collections.Counter(run.config["group"]["value"]["u"] > 0 for run in runs)
    check_counts(halves, {True: 0.5, False: 0.5}, n)
    assert all(run.config["fixed"]["value"] == {"any": [1]} for run in runs)
    assert all(type(run.config["width"]["value"]) is int for run in runs)
    # Independent: knowing one parameter tells nothing of another.
    both = sum(run.config["group"]["value"]["u"] > 0 and run.config["n"]["value"] > 2 for run in runs)
    assert abs(both - n / 4) < 5 * math.sqrt(n * 0.25 * 0.75)


def check_counts(counts, shares, n):
    assert set(counts) <= set(shares), counts
    for key, share in shares.items():
        assert abs(counts[key] - n * share) <= 5 * math.sqrt(n * share * (1 - share)), (key, counts)


def a_batch_is_what_single_calls_give(library):
    """Under the same state of the global generator."""
    random.seed(99)
    runs = []
    for _ in range(12):
        runs.append(library.next_run(config(), runs))
    random.seed(99)
    assert library.next_runs(config(), [], n=12) == runs


def runs_are_ignored(library):
    """Even such as fit no parameter; the search never ends."""
    random.seed(3)
    first = library.next_run(config(), [])
    random.seed(3)
    assert library.next_run(config(), [SweepRun({"lr": {"value": "no number"}}, "finished"), SweepRun({})]) == first
    only = {"method": "random", "parameters": {"a": {"values": [7]}}}
    runs = [SweepRun({"a": {"value": 7}}, "finished")] * 3
    assert [run.config["a"]["value"] for run in library.next_runs(only, runs, n=3)] == [7, 7, 7]
