"""Defaults, quantiles and shares: the library's own answers, to the last bits that its libm and ours share."""

import json
import math
import pathlib

from adapter import from_wire

GOLDEN = json.loads((pathlib.Path(__file__).parent / "golden.json").read_text())


def same(a, b):
    """Equal in value and type; doubles to a few units in the last place."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float) and math.isfinite(a):
        return math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-15)
    return a == b or (a != a and b != b)


def filled_parameters_equal_the_library(library):
    """Every kind is recognised, and gets the library's defaults, integers as integers."""
    for row in GOLDEN["parameters"]:
        try:
            got = library.fill_parameter("p", row["param"])
        except ValueError:
            got = "ValueError"
        want = row["filled"]
        if isinstance(want, list):
            assert got[0] == want[0] and got[1] == want[1], (row["param"], got)
            assert all(type(got[1][k]) is type(v) for k, v in want[1].items()), (row["param"], got)
        else:
            assert got == want, (row["param"], got)


def quantiles_and_shares_equal_the_library(library):
    """ppf and cdf, with the types of what they give."""
    compared = 0
    for row in GOLDEN["parameters"]:
        if "u" in row:
            got = library.ppf(row["param"], row["u"])
            assert all(map(same, got, from_wire(row["y"]))), (row["param"], row["y"], got)
            compared += len(got)
        if "x" in row:
            got = library.cdf(row["param"], row["x"])
            assert all(map(same, got, from_wire(row["s"]))), (row["param"], row["s"], got)
            compared += len(got)
    assert compared > 300


def doubles_come_back_with_their_bits(library):
    """A number that goes in and out is the same one, however many digits it has."""
    numbers = [0.1, 1 / 3, 2.0, 1e22, 5e-324, 1.7976931348623157e308, 123456789.12345679, -0.3, 7, -(2**62), math.inf]
    for x in numbers:
        (got,) = library.ppf({"value": x}, [0.5])
        assert same(got, x) and got == x, (x, got)


def grids_equal_the_library(library):
    """Drawn grids with drawn runs: the same cells in the same order, the same end."""
    from adapter import SweepRun
    for row in GOLDEN["grids"]:
        runs = [SweepRun(state=state, config=config) for state, config in row["runs"]]
        got = [run and run.config for run in library.next_runs(row["config"], runs, n=row["n"])]
        shown = [json.dumps(one, sort_keys=True) for one in got]
        assert shown == [json.dumps(from_wire(one), sort_keys=True) for one in row["next"]], (row, got)
