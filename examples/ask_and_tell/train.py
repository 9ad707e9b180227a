#!/usr/bin/env python3
"""Fits a line to points by gradient descent with momentum; reports the loss of every step.
The parameters come as --name=value, as `sweepd agent` writes them."""
import json
import os
import sys

given = dict(word.lstrip("-").split("=", 1) for word in sys.argv[1:])
rate, momentum, steps = float(given["rate"]), float(given["momentum"]), int(given["steps"])
points = [(x / 10, 3 * x / 10 + 1 + (0.1 if x % 3 else -0.2)) for x in range(-10, 11)]
slope = offset = slope_speed = offset_speed = 0.0
with open(os.environ.get("SWEEPD_METRICS_FILE", os.devnull), "a", buffering=1) as metrics:
    for _ in range(steps):
        errors = [(slope * x + offset - y, x) for x, y in points]
        loss = sum(e * e for e, _ in errors) / len(points)
        metrics.write(json.dumps({"loss": loss}) + "\n")
        slope_speed = momentum * slope_speed - rate * sum(2 * e * x for e, x in errors) / len(points)
        offset_speed = momentum * offset_speed - rate * sum(2 * e for e, _ in errors) / len(points)
        slope, offset = slope + slope_speed, offset + offset_speed
print(f"loss {loss:.6f}: y = {slope:.3f} x + {offset:.3f}")
