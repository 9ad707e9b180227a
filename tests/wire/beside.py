#!/usr/bin/env python3
"""The wire tests of artifacts, local controllers, schedulers and either agent, for both clients. They mostly wait for
heartbeats, so a few run beside each other. Usage: beside.py SWEEPD"""

import concurrent.futures
import pathlib
import subprocess
import sys

from bench import environment_of

HERE = pathlib.Path(__file__).resolve().parent
NEW, OLD = "0.31.0", "0.16.6"
TESTS = [("controller.py", OLD), ("controller.py", NEW), ("scheduler.py", NEW), ("either_agent.py", OLD),
         ("either_agent.py", NEW), ("artifacts.py", OLD), ("artifacts.py", NEW)]


def run(test):
    script, version = test
    p = subprocess.run([sys.executable, str(HERE / script), sys.argv[1], version], text=True, timeout=600,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return p.returncode, f"{script} {version}: " + ("" if p.returncode == 0 else f"exit code {p.returncode}\n") + p.stdout


def main():
    for version in (NEW, OLD):
        environment_of(version)
        environment_of(version, "sweeps")
    environment_of(NEW, "optuna")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = list(pool.map(run, TESTS))
    for _, said in results:
        print(said)
    sys.exit(any(code for code, _ in results))


if __name__ == "__main__":
    main()
