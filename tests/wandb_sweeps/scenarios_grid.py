"""method: grid."""

import math
import time

from adapter import SweepRun


def config(**parameters):
    return {"method": "grid", "parameters": parameters}


def drawn(library, sweep, runs=(), n=1000, **options):
    """(values..., by sorted name) of every suggestion; checks that None closes the list."""
    got = library.next_runs(sweep, list(runs), n=n, **options)
    assert None not in got[:-1]
    cells = [tuple(v["value"] for _, v in sorted(run.config.items())) for run in got if run]
    return cells, got[-1] is None


def one_by_one_and_at_once_visit_every_cell(library):
    """Whether asked singly or in a batch, in order or shuffled, each cell is handed out once."""
    sweep = config(depth={"values": [2, 4, 8]}, name={"values": ["u", "v"]})
    everything = {(d, n) for d in (2, 4, 8) for n in ("u", "v")}
    for shuffled in (False, True):
        cells, ended = drawn(library, sweep, randomize_order=shuffled)
        assert len(cells) == 6 and set(cells) == everything and ended
        runs, singly = [], []
        while (run := library.next_run(sweep, runs, randomize_order=shuffled)) is not None:
            assert run.search_info is None and run.state == "pending"
            runs.append(run)
            singly.append((run.config["depth"]["value"], run.config["name"]["value"]))
        assert len(singly) == 6 and set(singly) == everything


def order_is_by_name_then_as_written(library):
    """Sorted by name, values as written, the last name fastest."""
    sweep = config(z={"values": ["late", "early"]}, a={"values": [9, 1]})
    assert drawn(library, sweep)[0] == [(9, "late"), (9, "early"), (1, "late"), (1, "early")]


def shuffled_orders_differ(library):
    """Shuffling gives another order from call to call."""
    sweep = config(a={"min": 0, "max": 199})
    orders = {tuple(drawn(library, sweep, randomize_order=True)[0]) for _ in range(3)}
    assert len(orders) == 3 and all(sorted(order) == [(i,) for i in range(200)] for order in orders)


def runs_in_any_state_cover_their_cell(library):
    """Crashed and pending ones too; a deleted run frees its cell."""
    sweep = config(a={"values": [1, 2]})
    for state in ("pending", "running", "finished", "killed", "crashed", "failed", "preempted", "preempting"):
        run = SweepRun({"a": {"value": 1}}, state)
        assert drawn(library, sweep, [run]) == ([(2,)], True)
    assert drawn(library, sweep) == ([(1,), (2,)], True)


def kinds_that_can_be_listed(library):
    """Integers in steps of one, q_uniform without its end; everything else is a ValueError."""
    assert drawn(library, config(a={"min": -2, "max": 1}))[0] == [(-2,), (-1,), (0,), (1,)]
    steps = drawn(library, config(a={"distribution": "q_uniform", "min": 0.0, "max": 1.0, "q": 0.25}))[0]
    assert steps == [(0.0,), (0.25,), (0.5,), (0.75,)] and isinstance(steps[0][0], float)
    for kind in ({"min": 0.0, "max": 1.0}, {"distribution": "normal"},
                 {"values": [1, 2], "probabilities": [0.5, 0.5]}, {"distribution": "beta"}):
        try:
            drawn(library, config(a=kind))
            raise AssertionError(kind)
        except ValueError:
            pass


def equality_of_values(library):
    """Which values are one cell: whole floats and ints, maps in any order, NaN; not bools, not texts."""
    def left(values, seen):
        return [v for (v,) in drawn(library, config(a={"values": values}), [SweepRun({"a": {"value": seen}})])[0]]
    assert left([4096, "x"], 4096.0) == ["x"]
    assert left([True, 1], True) == [1]
    assert left(["1", 1], 1) == ["1"]
    assert left([math.nan, 2], math.nan) == [2]
    assert left([{"p": 1, "q": 2}, 5], {"q": 2, "p": 1}) == [5]
    assert left([[1, 2], [2, 1]], [1, 2]) == [[2, 1]]
    assert left([None, 0], None) == [0]
    assert left([[3], 1], [3.0]) == [[3], 1]


def keys_that_programs_add_do_not_count(library):
    """A run's map may hold keys that no listed map has."""
    sweep = config(env={"values": [{"id": 1, "deep": {"x": 0.1}}, {"id": 2}]}, algo={"value": "A"})
    run = SweepRun({"env": {"value": {"id": 1, "deep": {"x": 0.1}, "host": "n17", "at": 5}}, "algo": {"value": "A"}})
    assert drawn(library, sweep, [run])[0] == [("A", {"id": 2})]


def runs_without_a_parameter_cover_nothing(library):
    """A run that lacks one of the parameters matches no cell."""
    sweep = config(a={"values": [1]}, b={"values": [2]})
    assert drawn(library, sweep, [SweepRun({"a": {"value": 1}}), SweepRun({})])[0] == [(1, 2)]


def repeated_values_are_one(library):
    """Duplicates in a list are handed out once; null is a value."""
    sweep = config(a={"values": [None, 2, "b", 2, [1], [1], 2.0]})
    assert drawn(library, sweep)[0] == [(None,), (2.0,), ("b",), ([1],)]


def constants_only_are_one_run(library):
    """Then the search is over; constants are always put out."""
    sweep = config(a={"value": "x"}, b={"value": None})
    assert drawn(library, sweep) == ([("x", None)], True)
    assert drawn(library, sweep, [SweepRun({}, "crashed")]) == ([], True)


def nested_groups_advance(library):
    """Leaves of groups are axes; runs of programs carry more than the sweep's keys."""
    sweep = config(net={"parameters": {"depth": {"values": [1, 2]}, "act": {"value": "relu"},
                                       "inner": {"parameters": {"w": {"min": 0, "max": 1}}}}})
    runs, seen = [], []
    while (run := library.next_run(sweep, runs)) is not None:
        seen.append(run.config["net"]["value"])
        runs.append(SweepRun({**run.config, "_meta": {"value": {"v": 1}, "desc": None}}, "finished"))
    assert [(s["depth"], s["inner"]["w"], s["act"]) for s in seen] == [(d, w, "relu") for d in (1, 2) for w in (0, 1)]


def a_billion_cells_cost_nothing(library):
    """Nothing is materialised, and a history that grows is not read again."""
    sweep = config(**{name: {"min": 0, "max": 999} for name in "abc"})
    runs = library.next_runs(sweep, [], n=2000)
    began = time.monotonic()
    for _ in range(20):
        runs.append(library.next_run(sweep, runs))
    assert [r.config["c"]["value"] for r in runs[-2:]] == [18, 19] and runs[-1].config["b"]["value"] == 2
    assert time.monotonic() - began < 20
