"""early_terminate: hyperband, exactly."""

import math
import random

from adapter import SweepRun, ValidationError
from scenarios_schema import raised


def config(goal="minimize", **rule):
    return {"method": "random", "parameters": {"a": {"values": [1, 2]}}, "metric": {"name": "loss", "goal": goal},
            "early_terminate": {"type": "hyperband", **rule}}


def curve(*values, state="running", name=None):
    return SweepRun(state=state, name=name, history=[{"loss": v} for v in values])


def by_the_rule(runs, bands, eta, strict, maximize):
    """(places to stop, thresholds), computed plainly."""
    def finite(v):
        return isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v)
    sign = -1 if maximize else 1
    curves = [[sign * row["loss"] for row in run.history if finite(row.get("loss"))] for run in runs]
    thresholds = []
    for band in bands:
        values = sorted(c[band - 1] for c in curves if len(c) >= band)
        thresholds.append(values[int(1.0 / eta * len(values))] if values else math.inf)
    stop = []
    for i, (run, c) in enumerate(zip(runs, curves)):
        reached = [(b, t) for b, t in zip(bands, thresholds) if len(c) >= b]
        if run.state == "running" and reached:
            band, threshold = reached[-1]
            if (c[band - 1] if strict else min(c)) > threshold:
                stop.append(i)
    return stop, thresholds


def drawn_histories_are_judged_as_the_rule_says(library):
    """Bands, thresholds and stopped runs, over drawn histories that grow."""
    dice = random.Random(12)
    stopped = 0
    for _ in range(60):
        maximize, strict, eta = dice.random() < 0.5, dice.random() < 0.5, dice.choice([1.5, 2, 3, 4])
        if dice.random() < 0.5:
            least = dice.randint(1, 4)
            rule = {"min_iter": least}
            bands, band = [], least
            for _ in range(100):
                bands.append(int(band))
                band *= eta
        else:
            most, s = dice.randint(4, 40), dice.randint(1, 4)
            rule = {"max_iter": most, "s": s}
            bands, band = [], most
            for _ in range(s):
                band /= eta
                if band < 1:
                    break
                bands.append(int(band))
            bands.sort()
        if not bands:
            continue
        sweep = config("maximize" if maximize else "minimize", eta=eta, strict=strict, **rule)
        runs = [curve(state=dice.choice(["running", "running", "finished", "crashed", "killed"])) for _ in range(dice.randint(1, 12))]
        for _ in range(4):
            for run in runs:
                for _ in range(dice.randint(0, 8)):
                    run.history.append({"loss": dice.choice([dice.gauss(0, 1), dice.randint(-3, 3), math.nan, True, None, math.inf])
                                        if dice.random() < 0.9 else 0.5, "other": 1})
            want, thresholds = by_the_rule(runs, bands, eta, strict, maximize)
            got = library.stop_runs(sweep, runs)
            assert [next(i for i, r in enumerate(runs) if r is one) for one in got] == want, (sweep, want)
            for run in runs:
                if run.state == "running":
                    info = run.early_terminate_info
                    assert info["bands"] == bands and info["thresholds"] == thresholds, (sweep, info)
                    assert info["lines"] and all(isinstance(line, str) for line in info["lines"])
            stopped += len(want)
    assert stopped > 50


def ties_stay_and_few_runs_are_never_stopped(library):
    """A value equal to the threshold stays; two runs at eta 2 both stay."""
    sweep = config(max_iter=4, s=2, eta=2)
    assert library.stop_runs(sweep, [curve(5, 5), curve(5, 5), curve(5, 5)]) == []
    assert library.stop_runs(sweep, [curve(1, 1), curve(9, 9)]) == []
    runs = [curve(1, 1), curve(2, 2), curve(9, 9), curve(8, 8, state="finished")]
    assert library.stop_runs(sweep, runs) == [runs[2]]


def what_is_no_number_counts_no_iteration(library):
    """Rows without a finite value of the metric are passed over."""
    sweep = config(max_iter=4, s=1, eta=2)
    odd = SweepRun(state="running", history=[{"loss": "NaN"}, {"x": 1}, {"loss": 9.0}, {"loss": False}, {"loss": 9.0}])
    runs = [odd, curve(1, 1), curve(2, 2), curve(3, 3)]
    assert library.stop_runs(sweep, runs) == [odd]
    odd.history.pop()
    assert library.stop_runs(sweep, runs) == [runs[3]]


def goals_that_do_not_exist_mean_minimize(library):
    """stop_runs does not validate."""
    runs = [curve(1, 1), curve(2, 2), curve(9, 9)]
    want = by_the_rule(runs, [1, 3], 3, True, False)[0]
    got = library.stop_runs(config("minimise", max_iter=9, s=2, eta=3, colour=1), runs)
    assert want and got == [runs[i] for i in want]


def refusals(library):
    """No metric, no rule, no type, an unknown type, no band; s must be there, and whole."""
    fine = config(min_iter=2)
    stop = library.stop_runs
    assert stop(fine, []) == []
    for key in ("metric", "early_terminate"):
        assert raised(ValueError, stop, {k: v for k, v in fine.items() if k != key}, []), key
    for rule in ("text", {}, {"type": "envelope"}, {"type": "hyperband", "max_iter": 1, "s": 1, "eta": 2}):
        assert raised(ValueError, stop, {**fine, "early_terminate": rule}, []), rule
    assert raised(ValidationError, stop, config(), [])
    assert raised(KeyError, stop, config(max_iter=9, min_iter=1), [])
    assert raised(TypeError, stop, config(max_iter=9, s=1.5), [])
