#!/usr/bin/env python3
"""What W&B's sweeps library promises, asked of `sweepd suggest` through adapter.py.

Usage: run.py PROGRAM [WORD...]: only the scenarios whose name holds a WORD. Plain Python, no packages. The
scenarios are written from the documented behaviour (strategies/README.md); golden.json holds answers of the
library itself (version 0.3.0): defaults, quantiles, shares and grids of drawn parameters.
"""

import inspect
import sys
import time
import traceback

from adapter import Library
import scenarios_grid
import scenarios_numbers
import scenarios_random
import scenarios_schema
import scenarios_stop


def main():
    program, words = sys.argv[1], sys.argv[2:]
    wrong = done = 0
    for module in (scenarios_schema, scenarios_numbers, scenarios_grid, scenarios_random, scenarios_stop):
        for name, scenario in inspect.getmembers(module, inspect.isfunction):
            if list(inspect.signature(scenario).parameters) != ["library"]:
                continue
            if words and not any(word in name for word in words):
                continue
            library = Library(program)
            began = time.monotonic()
            try:
                scenario(library)
                assert library.close() == 0, "the process ended badly"
            except Exception:  # a scenario's failure is reported, and the next one runs
                wrong += 1
                print(f"FAILED {name}: {scenario.__doc__.splitlines()[0]}")
                traceback.print_exc()
                library.process.child.kill()
            done += 1
            if time.monotonic() - began > 5:
                print(f"{name} took {time.monotonic() - began:.1f} s")
    print(f"{done - wrong} of {done} scenarios hold")
    return 1 if wrong or not done else 0


if __name__ == "__main__":
    sys.exit(main())
