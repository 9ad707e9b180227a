"""W&B's `sweeps` library, its public functions, over a `sweepd suggest` child process.

Same names, arguments, results and exceptions, as strategies/README.md lists them; nothing is computed here but
what JSON cannot carry: NaN and the infinities are texts on the wire, tuples are lists. Suggestions draw their
seeds from Python's global generator, as the library's own draws do.
"""

import json
import math
import random
import subprocess


class ValidationError(Exception):
    """What the library takes from the jsonschema package."""


KINDS = {"ValueError": ValueError, "ValidationError": ValidationError, "TypeError": TypeError, "KeyError": KeyError}
SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def to_wire(value):
    """Python values as JSON can carry them."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value.value if hasattr(value, "value") else value
    if hasattr(value, "item"):  # a number of numpy's
        return to_wire(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, int):
        return value
    if isinstance(value, dict):
        return {str(k): to_wire(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_wire(v) for v in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")


def from_wire(value):
    if isinstance(value, str):
        return SPECIAL.get(value, value)
    if isinstance(value, list):
        return [from_wire(v) for v in value]
    if isinstance(value, dict):
        return {k: from_wire(v) for k, v in value.items()}
    return value


class Suggest:
    """One child process; requests are answered in order."""

    def __init__(self, program):
        self.child = subprocess.Popen([program, "suggest"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def raw(self, line):
        self.child.stdin.write(line.encode() + b"\n")
        self.child.stdin.flush()
        answer = self.child.stdout.readline()
        if not answer.endswith(b"\n"):
            raise RuntimeError(f"sweepd suggest ended with {self.child.wait()} at: {line[:200]}")
        return json.loads(answer)

    def ask(self, op, **members):
        answer = self.raw(json.dumps(to_wire({"op": op, **members}), allow_nan=False))
        if "error" in answer:
            where = answer.get("where")
            raise KINDS[answer["kind"]]((where + ": " if where else "") + answer["error"])
        return from_wire(answer)

    def close(self):
        self.child.stdin.close()
        code = self.child.wait(timeout=30)
        self.child.stdout.close()
        return code


class SweepRun:
    """A run, with the library's fields."""

    def __init__(self, config=None, state="pending", name=None, history=(), summary_metrics=None, stopped=False,
                 search_info=None):
        self.name, self.state, self.config, self.stopped = name, state, dict(config or {}), stopped
        self.history, self.summary_metrics, self.search_info = list(history), dict(summary_metrics or {}), search_info
        self.early_terminate_info = None

    def __eq__(self, other):
        return isinstance(other, SweepRun) and vars(self) == vars(other)


def run_to_wire(run):
    out = {"state": getattr(run.state, "value", run.state), "config": run.config, "stopped": bool(run.stopped)}
    if run.name is not None:
        out["name"] = run.name
    if run.summary_metrics:
        out["summary_metrics"] = run.summary_metrics
    if run.history:
        out["history"] = run.history
    return out


class Library:
    """The library's functions. `make_run`: what suggestions are made into."""

    def __init__(self, program, make_run=SweepRun):
        self.process = Suggest(program)
        self.make_run = make_run

    def next_runs(self, sweep_config, runs, validate=False, n=1, **options):
        if validate:
            sweep_config = self.SweepConfig(sweep_config)
        seeds = [random.getrandbits(63) for _ in range(n)]
        got = self.process.ask("next_runs", config=sweep_config, runs=[run_to_wire(r) for r in runs], n=n, seeds=seeds,
                               options=options)["runs"]
        return [r and self.make_run(config=r["config"], search_info=r["search_info"]) for r in got]

    def next_run(self, sweep_config, runs, validate=False, **options):
        return self.next_runs(sweep_config, runs, validate, 1, **options)[0]

    def stop_runs(self, sweep_config, runs, validate=False):
        if validate:
            sweep_config = self.SweepConfig(sweep_config)
        # Runs may lack names or share them: they go by their place.
        told = [{**run_to_wire(r), "name": str(i)} for i, r in enumerate(runs)]
        answer = self.process.ask("stop_runs", config=sweep_config, runs=told)
        for run in runs:
            if getattr(run.state, "value", run.state) == "running":
                run.early_terminate_info = answer["info"]
        return [runs[int(name)] for name in answer["stop"]]

    def schema_violations_from_proposed_config(self, config):
        return self.process.ask("validate", config=config)["violations"]

    def fill_parameter(self, name, config):
        answer = self.process.ask("fill_parameter", name=name, config=config)
        return (answer["kind_of"], answer["config"]) if answer["kind_of"] else None

    def SweepConfig(self, config):  # noqa: N802 (the library's name)
        violations = self.schema_violations_from_proposed_config(config)
        if violations:
            raise ValidationError("\n".join(violations))
        out = dict(config)
        if "parameters" in out:
            out["parameters"] = {k: self.fill_parameter(k, v)[1] for k, v in out["parameters"].items()}
        if "early_terminate" in out:
            out["early_terminate"] = {"eta": 3, "strict": True, **out["early_terminate"]}
        return out

    def ppf(self, parameter, x):
        return self.process.ask("ppf", param=parameter, x=list(x))["y"]

    def cdf(self, parameter, x):
        return self.process.ask("cdf", param=parameter, x=list(x))["y"]

    def close(self):
        return self.process.close()
