"""method: bayes: the contract, and that it learns."""

import math

from adapter import SweepRun
from scenarios_schema import raised


def config(parameters, goal="minimize", **metric):
    return {"method": "bayes", "metric": {"name": "loss", "goal": goal, **metric}, "parameters": parameters}


def search(library, sweep, value, runs=(), n=5, state="finished"):
    """n suggestions in a row, each run told at once."""
    runs = list(runs)
    for _ in range(n):
        run = library.next_run(sweep, runs)
        run.state = state
        run.summary_metrics = {"loss": value(run.config)}
        runs.append(run)
    return runs


def finished(x, loss, state="finished"):
    return SweepRun({"x": {"value": x}}, state, history=[{"loss": loss}])


def a_smooth_function_is_solved_quickly(library):
    """Both ends known, five more: within 0.001 of the optimum's value; upwards as well as downwards."""
    def bowl(config):
        return (config["x"]["value"] - 0.3) ** 2
    sweep = config({"x": {"min": 0.0, "max": 1.0}})
    runs = search(library, sweep, bowl, [finished(0.0, 0.09), finished(1.0, 0.49)])
    assert min(bowl(run.config) for run in runs) < 0.001
    sweep = config({"x": {"min": 0.0, "max": 1.0}}, "maximize")
    runs = search(library, sweep, lambda c: -bowl(c), [finished(0.0, -0.09), finished(1.0, -0.49)])
    assert min(bowl(run.config) for run in runs) < 0.001


def every_kind_of_parameter_is_searched(library):
    """Lists of lists, maps and nulls among them; values keep their types."""
    kinds = {"n": {"distribution": "normal", "mu": 2, "sigma": 4}, "l": {"distribution": "log_uniform_values", "min": 0.1, "max": 20},
             "u": {"min": 0.0, "max": 5.0}, "i": {"min": 0, "max": 5}, "q": {"distribution": "q_uniform", "min": 0.0, "max": 10.0, "q": 0.25},
             "c": {"values": [[1, 2], {"a": None}, None, "t"]}, "k": {"value": 7}, "p": {"values": ["x", "y"], "probabilities": [0.9, 0.1]},
             "g": {"parameters": {"b": {"distribution": "beta", "a": 2, "b": 3}}}}
    runs = search(library, config(kinds), lambda c: c["u"]["value"] ** 2, n=12)
    for run in runs:
        values = {k: v["value"] for k, v in run.config.items()}
        assert set(values) == set(kinds) and values["k"] == 7
        assert type(values["i"]) is int and 0 <= values["i"] <= 5 and 0 <= values["u"] <= 5
        assert values["q"] % 0.25 == 0 and values["c"] in kinds["c"]["values"] and 0 <= values["g"]["b"] <= 1


def search_info_is_complete(library):
    """With and without data."""
    sweep = config({"x": {"min": 0.0, "max": 1.0}})
    for runs in ([], [finished(0.1, 1.0)], [finished(0.1, 1.0), finished(0.4, 2.0), finished(0.9, 0.5)]):
        info = library.next_run(sweep, runs).search_info
        for key in ("success_probability", "predicted_value", "predicted_value_std_dev", "expected_improvement"):
            assert isinstance(info[key], float), (key, info)
        assert isinstance(info["warnings"], str), info


def without_any_number_the_search_is_uniform(library):
    """Missing, NaN and bools are no data; the warning has the library's words."""
    sweep = config({"x": {"min": 0.0, "max": 1.0}})
    runs = [SweepRun({"x": {"value": x}}, "finished", history=[{"loss": v}]) for x, v in ((0.2, True), (0.7, math.nan), (0.9, None))]
    drawn = []
    for _ in range(100):
        run = library.next_run(sweep, runs)
        assert "Some dimmensions of kernel are close to their bounds" in run.search_info["warnings"]
        drawn.append(run.config["x"]["value"])
        run.state = "finished"
        runs.append(run)
    drawn.sort()
    assert max(abs(x - (i + 0.5) / 100) for i, x in enumerate(drawn)) < 0.17  # Kolmogorov, 1 in 200
    # A finite space too: it goes on beyond the end, since nothing was learnt.
    runs = []
    for _ in range(30):
        run = library.next_run(config({"i": {"min": 1, "max": 4}}), runs)
        run.state = "finished"
        runs.append(run)
    assert {run.config["i"]["value"] for run in runs[:4]} == {run.config["i"]["value"] for run in runs} == {1, 2, 3, 4}


def written_imputation_acts(library):
    """impute: best draws the search to failed runs that were good, worst keeps it away."""
    runs = [SweepRun({"x": {"value": x}}, "failed", history=[{"loss": 10}, {"loss": low}, {"loss": 10}])
            for x, low in ((0.2, 8), (0.4, 6), (0.6, 4), (0.8, 2), (0.9, 1))]
    def slope(config):
        return 10 - 10 * config["x"]["value"]
    sweep = config({"x": {"min": 0.0, "max": 1.0}}, impute="best")
    assert max(run.config["x"]["value"] for run in search(library, sweep, slope, runs)) > 0.999
    sweep = config({"x": {"min": 0.0, "max": 1.0}}, impute="worst")
    assert max(run.config["x"]["value"] for run in search(library, sweep, slope, runs)) < 0.999


def running_runs_are_imputed_when_asked(library):
    """impute_while_running: best takes what running runs have logged for data."""
    def bowl(config):
        return (config["x"]["value"] - 0.3) ** 2
    sweep = config({"x": {"min": 0.0, "max": 1.0}}, impute_while_running="best")
    runs = [SweepRun({"x": {"value": x}}, "running", summary_metrics={"loss": (x - 0.3) ** 2}) for x in (0.0, 1.0)]
    assert min(bowl(run.config) for run in search(library, sweep, bowl, runs, n=6, state="running")) < 0.001


def a_batch_is_what_single_calls_give(library):
    """Each suggestion of a batch sees the earlier ones as pending, and gets its own seed."""
    sweep = config({"x": {"min": 0.0, "max": 1.0}, "c": {"values": ["a", "b", "c"]}})
    done = [SweepRun({"x": {"value": x}, "c": {"value": "a"}}, "finished", history=[{"loss": x * x}]) for x in (0.1, 0.5, 0.8)]
    told = [{"state": "finished", "config": r.config, "history": r.history} for r in done]
    singly = []
    for k in range(4):
        answer = library.process.ask("next_runs", config=sweep, runs=told + [{"state": "pending", "config": c} for c in singly], seed=40 + k)
        singly.append(answer["runs"][0]["config"])
    at_once = library.process.ask("next_runs", config=sweep, runs=told, seed=40, n=4)["runs"]
    assert [run["config"] for run in at_once] == singly
    assert len({run["config"]["x"]["value"] for run in at_once}) == 4


def refusals(library):
    """No metric, nothing to search, a value that the sweep does not list; odd goals pass."""
    space = {"x": {"values": ["a", "b"]}}
    assert raised(ValueError, library.next_run, {"method": "bayes", "parameters": space}, [])
    assert raised(ValueError, library.next_run, config({"x": {"value": 1}}), [])
    assert raised(ValueError, library.next_run, config(space), [SweepRun({"x": {"value": "d"}}, "finished", history=[{"loss": 1}])])
    assert library.next_run(config(space), [SweepRun({}, "finished"), SweepRun({"x": {"value": None}}, "failed")]) is not None
    assert library.next_run(config(space, "minimise", impute="odd"), []) is not None


def finite_spaces_end(library):
    """No configuration twice, then None."""
    sweep = config({"a": {"values": [1, 2, 3]}, "b": {"min": 0, "max": 1}})
    runs = []
    while (run := library.next_run(sweep, runs)) is not None:
        run.state, run.summary_metrics = "finished", {"loss": run.config["a"]["value"]}
        runs.append(run)
        assert len(runs) <= 6
    assert len({(r.config["a"]["value"], r.config["b"]["value"]) for r in runs}) == 6
