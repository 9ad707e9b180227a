"""The sweep language's parameters as this benchmark uses them, and their way to the unit cube.

A problem's `parameters` are a sweep file's, so sweepd and W&B's library read them as they are; the
other peers get theirs in peers.py.
"""

import math


def uniform(low, high):
    return {"distribution": "uniform", "min": float(low), "max": float(high)}


def log(low, high):
    return {"distribution": "log_uniform_values", "min": float(low), "max": float(high)}


def whole(low, high):
    return {"distribution": "int_uniform", "min": low, "max": high}


def log_whole(low, high):
    return {"distribution": "q_log_uniform_values", "min": low, "max": high, "q": 1}


def choice(*values):
    return {"values": list(values)}


def unit(parameter, value):
    """Where a number stands between its ends, 0 to 1; of a choice, its index."""
    if "values" in parameter:
        return parameter["values"].index(value)
    low, high = parameter["min"], parameter["max"]
    if "log" in parameter["distribution"]:
        low, high, value = math.log(low), math.log(high), math.log(max(value, 1e-300))
    return min(1.0, max(0.0, (value - low) / (high - low)))


def at(parameter, u):
    """The value at the quantile u of the parameter's own distribution."""
    if "values" in parameter:
        values = parameter["values"]
        return values[min(int(u * len(values)), len(values) - 1)]
    low, high = parameter["min"], parameter["max"]
    if parameter["distribution"] == "int_uniform":
        return min(low + int(u * (high - low + 1)), high)
    if "log" in parameter["distribution"]:
        value = math.exp(math.log(low) + u * (math.log(high) - math.log(low)))
    else:
        value = low + u * (high - low)
    return round(value) if "q" in parameter else min(max(value, low), high)


def draw(parameters, rng):
    return {name: at(p, rng.random()) for name, p in parameters.items()}
