"""The command line: which searches are missing, makes them, and writes table.md, table.csv and plots."""

import argparse
import fnmatch
import hashlib
import json
import os
import pathlib
import sys
import time

import peers
import report
import search
from ours import OURS, Sweepd

ROOT = pathlib.Path(__file__).resolve().parents[3]
WORK = pathlib.Path(os.environ["BENCH_WORK"])
QUICK = {"tilted_bowl3", "training6", "rugged6", "svm_digits", "crash_region4"}


def options():
    p = argparse.ArgumentParser(prog="tests/bench/search/run", description="regret against the budget, beside peers")
    p.add_argument("--only", default="all", help="'ours', 'peers', or names with commas: " +
                   ", ".join([*OURS, *peers.PEERS]))
    p.add_argument("--suites", default=",".join(search.SUITES), help="some of " + ", ".join(search.SUITES))
    p.add_argument("--problems", default="*", help="patterns with commas, such as 'rugged*,svm_digits'")
    p.add_argument("--seeds", type=int, default=3, help="seeds 0 .. N-1 (3)")
    p.add_argument("--first-seed", type=int, default=0)
    p.add_argument("--budget", type=int, default=60, help="runs a search (60)")
    p.add_argument("--quick", action="store_true", help="four problems, one seed, sweepd, random and optuna-tpe")
    p.add_argument("--sweepd", default=str(ROOT / "build/release/controller/sweepd"), help="the program")
    p.add_argument("--variant", action="append", default=[], metavar="NAME=JSON",
                   help="one more search of ours, as keys of a sweep file: 'x={\"method\": \"bayes\", \"search\": {}}'")
    p.add_argument("--minutes", type=float, default=1e9, help="begin no search after so many minutes")
    p.add_argument("--report", action="store_true", help="only write the tables and plots from what is there")
    o = p.parse_args()
    o.variants = dict(OURS)
    for text in o.variant:
        name, _, settings = text.partition("=")
        o.variants[name] = json.loads(settings)
    given = [text.partition("=")[0] for text in o.variant]
    every = [*o.variants, *peers.PEERS]
    o.optimisers = {"all": every, "peers": list(peers.PEERS), "ours": list(o.variants)}.get(o.only)
    if o.optimisers is None:
        o.optimisers = [n for n in o.only.split(",") if n] + [n for n in given if n not in o.only.split(",")]
    o.suites = o.suites.split(",")
    if o.quick:
        o.seeds = 1
        if o.only == "all":
            o.optimisers = ["sweepd", *given, "random", "optuna-tpe"]
    wrong = [n for n in o.optimisers if n not in every] + [s for s in o.suites if s not in search.SUITES]
    if wrong:
        p.error("unknown: " + ", ".join(wrong))
    return o


def wanted(o):
    """Every search asked for: a whole seed of everything comes before the next seed."""
    out = []
    for seed in range(o.first_seed, o.first_seed + o.seeds):
        for optimiser in o.optimisers:
            for suite in o.suites:
                for name in search.SUITES[suite]:
                    if any(fnmatch.fnmatch(name, pattern) for pattern in o.problems.split(",")) and \
                            (not o.quick or name in QUICK):
                        out.append((suite, name, optimiser, seed))
    return out


def file_of(o, key):
    suite, name, optimiser, seed = key
    return WORK / "searches" / optimiser / f"{suite}-{name}-{seed}-{o.budget}.json"


def stamp_of(o, optimiser):
    """What a search of ours was made with: another build of sweepd makes it anew."""
    if optimiser not in o.variants:
        return ""
    program = pathlib.Path(o.sweepd)
    if not program.exists():
        return "missing"
    return hashlib.sha256(program.read_bytes() + json.dumps(o.variants[optimiser]).encode()).hexdigest()


def make(o, key, stamp):
    suite, name, optimiser, seed = key

    def maker(parameters):
        if optimiser in o.variants:
            return Sweepd(o.sweepd, o.variants[optimiser], parameters, seed, o.budget)
        return peers.PEERS[optimiser](parameters, seed, o.budget)

    try:
        found = search.run(suite, name, seed, o.budget, maker)
    except Exception as problem:  # whatever a peer raises is its answer
        found = {"refused": f"{type(problem).__name__}: {problem}"[:300].replace("\n", " ")}
    return found | {"stamp": stamp}


def load(o, key, stamp):
    file = file_of(o, key)
    if not file.exists():
        return None
    found = json.loads(file.read_text())
    return found if found["stamp"] == stamp else None


def main():
    o = options()
    os.nice(5)
    keys, results, refused = wanted(o), {}, {}
    stamps = {name: stamp_of(o, name) for name in o.optimisers}
    started, made = time.time(), 0
    missing = [key for key in keys if load(o, key, stamps[key[2]]) is None]
    print(f"{len(keys)} searches, {len(missing)} to make", flush=True)
    for i, key in enumerate(missing):
        if o.report or time.time() - started > 60 * o.minutes:
            break
        if stamps[key[2]] == "missing":
            sys.exit(f"{o.sweepd} is not there: build it (cmake --build --preset release --target sweepd), "
                     "or name one with --sweepd")
        began = time.time()
        found = make(o, key, stamps[key[2]])
        file = file_of(o, key)
        if "refused" not in found or key[2] not in o.variants:
            file.parent.mkdir(parents=True, exist_ok=True)
            part = file.with_suffix(f".{os.getpid()}")
            part.write_text(json.dumps(found, default=lambda number: number.item()))  # numpy's
            part.replace(file)
        else:
            refused[key] = found["refused"]
        made += 1
        left = (time.time() - started) / made * (len(missing) - i - 1)
        print(f"[{i + 1}/{len(missing)}] {key[2]} {key[0]}/{key[1]} seed {key[3]}: {time.time() - began:.1f} s"
              f"{' REFUSED ' + found['refused'] if 'refused' in found else ''}, about {left / 60:.0f} min left",
              flush=True)
    for key in keys:
        found = load(o, key, stamps[key[2]])
        if found is not None and "refused" in found:
            refused[key] = found["refused"]
        elif found is not None:
            results[key] = found
    if not results:
        sys.exit("no search to report")
    print("scoring (the random baseline of each problem is made once)", flush=True)
    rows = report.evaluate(results, report.Baseline(WORK, o.budget), o.budget)
    table = report.markdown(rows, refused, o.optimisers)
    (WORK / "table.md").write_text(table)
    report.write_csv(rows, WORK / "table.csv")
    report.plot(rows, WORK, o.optimisers)
    print(table)
    print(f"written: {WORK}/table.md, table.csv and a plot for each suite (.png)")
    if any(key[2] in o.variants for key in refused):
        sys.exit("a search of ours failed")


if __name__ == "__main__":
    main()
