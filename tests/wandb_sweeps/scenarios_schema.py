"""What a sweep file may say, and how next_runs and stop_runs refuse."""

from adapter import ValidationError

FINE = {"method": "random", "parameters": {"a": {"values": [1, 2]}}}


def raised(kind, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except kind as e:
        assert str(e)
        return True
    return False


def violations_are_found(library):
    """Each broken rule of the schema gives a text that begins with its path; a sound file gives none."""
    check = library.schema_violations_from_proposed_config
    assert check(FINE) == []
    broken = {
        "method": {"method": "random walk"},
        "parameters": {"parameters": {}},
        "parameters.a": {"parameters": {"a": {"valeus": [1]}}},
        "parameters.a.min": {"parameters": {"a": {"min": 3, "max": 1}}},
        "parameters.a.values": {"parameters": {"a": {"values": []}}},
        "parameters.a.sigma": {"parameters": {"a": {"distribution": "normal", "sigma": -1}}},
        "parameters.a.probabilities": {"parameters": {"a": {"values": [1, 2], "probabilities": [0.5, 0.6]}}},
        "parameters.a.distribution": {"parameters": {"a": {"distribution": "log_uniform", "min": 0, "max": 1}}},
        "run_cap": {"run_cap": 0},
        "metric": {"metric": {"goal": "minimize"}},
        "metric.goal": {"metric": {"name": "l", "goal": "down"}},
        "metrics": {"metrics": [{"name": "a"}, {"name": "b"}]},
        "early_terminate": {"early_terminate": {"type": "envelope"}},
        "controller.type": {"controller": {"type": "remote"}},
        "scheduler.engine": {"scheduler": {"engine": "mine"}},
        "colour": {"colour": "red"},
    }
    for path, change in broken.items():
        found = check({**FINE, **change})
        assert found and all(isinstance(text, str) for text in found), path
        assert any(text.startswith(path) for text in found), (path, found)
    assert check({k: v for k, v in FINE.items() if k != "parameters"})
    assert raised(ValueError, check, "no map")


def files_that_wandb_takes_are_fine(library):
    """Nothing that W&B's own check lets pass is listed as a violation."""
    for more in ({"method": "bayes"}, {"method": "custom", "metrics": [{"name": "a"}, {"name": "b"}]},
                 {"run_cap": 1}, {"controller": {"type": "cloud"}}, {"command": ["python", 3]},
                 {"method": "grid", "parameters": {"a": {"values": [1, 2], "probabilities": [0.5, 0.5]}}},
                 {"method": "bayes", "scheduler": {"engine": "wandb"}},
                 {"early_terminate": {"type": "hyperband", "min_iter": 3}, "metric": {"name": "l"}}):
        assert library.schema_violations_from_proposed_config({**FINE, **more}) == [], more


def filling_writes_defaults(library):
    """SweepConfig fills parameters and early_terminate, not the metric; it refuses what is broken."""
    filled = library.SweepConfig({**FINE, "parameters": {"a": {"min": 0, "max": 1}}, "metric": {"name": "l"},
                                  "early_terminate": {"type": "hyperband", "min_iter": 3}})
    assert filled["parameters"]["a"] == {"min": 0, "max": 1, "distribution": "int_uniform"}
    assert filled["early_terminate"]["eta"] == 3 and filled["early_terminate"]["strict"] is True
    assert filled["metric"] == {"name": "l"}
    assert raised(ValidationError, library.SweepConfig, {**FINE, "parameters": {"a": {"min": 2, "max": 1}}})
    assert raised(ValueError, library.fill_parameter, "a", {"min": 2, "max": 1})
    assert library.fill_parameter("a", {"nothing": 1}) is None


def next_runs_lets_through_what_it_can_use(library):
    """Unknown goals and extra keys pass unless asked to validate."""
    for method in ("grid", "random"):
        odd = {"method": method, "metric": {"name": "l", "goal": "lower"}, "more": 1, "parameters": FINE["parameters"]}
        assert library.next_run(odd, []) is not None
        assert raised(ValidationError, library.next_run, odd, [], validate=True)


def next_runs_refuses(library):
    """No method, no parameters, an empty or wrong block, a method that hands out nothing."""
    for broken in ({"parameters": FINE["parameters"]}, {"method": "random"}, {"method": "random", "parameters": {}},
                   {"method": "random", "parameters": [1]}, {**FINE, "method": "custom"}, {**FINE, "method": "other"},
                   {"method": "bayes", "parameters": FINE["parameters"]}):
        assert raised(ValueError, library.next_run, broken, []), broken
    assert raised(ValidationError, library.next_run, {"method": "random", "parameters": {"a": {"odd": 1}}}, [])


def the_process_goes_on_after_an_error(library):
    """A line that is no JSON is answered like any other."""
    for line in ("", "{", "nonsense", "[1, 2]", '{"op": "what"}', '{"op": "next_runs"}'):
        if line:
            assert library.process.raw(line)["kind"] == "ValueError", line
    assert library.next_run(FINE, []) is not None
