"""From the searches on disk to scores, tables and plots. README.md says how a score is made."""

import csv
import json
import math
import statistics

import numpy as np

import search
from peers import Random

FLOOR, DECADES_MOST, REPEATS, TABLE_DRAWS = -1.0, 4.0, 100, 400


class Baseline:
    """What random search reaches, on average, at each budget: an array per (suite, problem, seed)."""

    def __init__(self, folder, budget):
        self.file = folder / f"random-{budget}.json"
        self.budget = budget
        self.known = json.loads(self.file.read_text()) if self.file.exists() else {}

    def best(self, suite, name, seed):
        """The mean over many random searches of the least loss found, after 1 .. budget runs."""
        problem = search.problem(name, seed)
        if hasattr(problem, "sample"):
            return self.of_table(problem, suite)
        key = f"{suite}/{name}/{seed}"
        if key not in self.known:
            curves = []
            for repeat in range(REPEATS):
                found = search.run(suite, name, seed, self.budget, lambda p: Random(p, 1000 + repeat, 0))
                curves.append(search.best_so_far(found["runs"], self.budget))
            curves = np.array(curves)
            curves[np.isinf(curves)] = np.nan
            self.known[key] = [round(float(x), 9) for x in np.nanmean(curves, axis=0)]
            self.file.write_text(json.dumps(self.known))
        return np.array(self.known[key])

    def of_table(self, problem, suite):
        draws = np.sort(problem.sample(TABLE_DRAWS))
        survive = 1 - search.CRASHED - search.NOT_A_NUMBER if suite == "asynchronous" else 1.0
        above = 1 - np.arange(len(draws)) / len(draws)  # the chance that one draw is not among the i least
        out = []
        for k in range(1, self.budget + 1):  # E[min] over k draws with replacement, some of them lost
            reach = (1 - survive * (1 - np.append(above, 0.0))) ** k
            chance = reach[:-1] - reach[1:]
            out.append(float(np.sum(chance * draws) / np.sum(chance)))
        return np.array(out)


def score_of(best, random_best, optimum):
    """(0 at what random search reaches, 1 at the optimum; decades of its regret that are gone)"""
    usual = max(random_best - optimum, 1e-12)
    regret = max(best - optimum, 0.0)
    if not math.isfinite(regret):
        return FLOOR, -1.0
    decades = DECADES_MOST if regret <= 0 else -math.log10(regret / usual)
    return max(1 - regret / usual, FLOOR), min(max(decades, -1.0), DECADES_MOST)


def standard_error(xs):
    return statistics.stdev(xs) / math.sqrt(len(xs)) if len(xs) > 1 else float("nan")


def evaluate(results, baseline, budget):
    """results: {(suite, problem, optimiser, seed): search} -> rows, one a search."""
    rows = []
    for (suite, name, optimiser, seed), found in sorted(results.items()):
        curve = search.best_so_far(found["runs"], budget)
        usual, optimum = baseline.best(suite, name, seed), search.problem(name, seed).optimum
        score, decades = score_of(curve[-1], usual[-1], optimum)
        distinct = len({json.dumps(r["config"], sort_keys=True) for r in found["runs"]})
        rows.append({"suite": suite, "problem": name, "optimiser": optimiser, "seed": seed, "score": score,
                     "decades": decades, "best": curve[-1], "random": usual[-1], "optimum": optimum,
                     "seconds": statistics.median(found["seconds"]), "repeated": len(found["runs"]) - distinct,
                     "curve": (np.array(curve) - optimum) / max(usual[-1] - optimum, 1e-12)})
    return rows


def summary(rows, suite, optimiser):
    """Over the problems: mean score, its standard error over seeds, mean decades, how many."""
    cells = {}
    for r in rows:
        if r["suite"] == suite and r["optimiser"] == optimiser:
            cells.setdefault(r["problem"], []).append(r)
    if not cells:
        return None
    scores = [[r["score"] for r in of] for of in cells.values()]
    errors = [standard_error(s) for s in scores]
    known = [e for e in errors if e == e]
    error = math.sqrt(sum(e * e for e in known)) / len(known) if known else float("nan")
    decades = statistics.fmean(statistics.fmean(r["decades"] for r in of) for of in cells.values())
    return (statistics.fmean(statistics.fmean(s) for s in scores), error, decades, len(cells),
            max(len(s) for s in scores), statistics.median(r["seconds"] for of in cells.values() for r in of))


def markdown(rows, refused, order):
    optimisers = [o for o in order if any(r["optimiser"] == o for r in rows)]
    lines = ["Mean score (standard error over seeds) [decades of regret removed], problems x seeds; then the",
             "median time of a suggestion.", "", "| | " + " | ".join(search.SUITES) + " | s a suggestion |",
             "| --- |" + " --- |" * (len(search.SUITES) + 1)]
    for o in optimisers:
        cells, slow = [], []
        for suite in search.SUITES:
            s = summary(rows, suite, o)
            cells.append("refused" if s is None and any(k[0] == suite and k[2] == o for k in refused) else
                         "-" if s is None else f"{s[0]:.2f} ({s[1]:.2f}) [{s[2]:.2f}], {s[3]} x {s[4]}")
            slow += [] if s is None else [s[5]]
        lines.append(f"| {o} | " + " | ".join(cells) + f" | {statistics.median(slow):.3f} |")
    for suite in search.SUITES:
        lines += ["", f"{suite}: median score over seeds", "", "| problem | " + " | ".join(optimisers) + " |",
                  "| --- |" + " --- |" * len(optimisers)]
        for name in search.SUITES[suite]:
            row = []
            for o in optimisers:
                of = [r["score"] for r in rows if (r["suite"], r["problem"], r["optimiser"]) == (suite, name, o)]
                row.append(f"{statistics.median(of):.2f}" if of else "-")
            if any(c != "-" for c in row):
                lines.append(f"| {name} | " + " | ".join(row) + " |")
    for (suite, name, o, seed), why in sorted(refused.items()):
        lines += ["", f"{o} gave up on {suite}/{name}, seed {seed}: {why}"]
    return "\n".join(lines) + "\n"


def write_csv(rows, file):
    fields = ["suite", "problem", "optimiser", "seed", "score", "decades", "best", "random", "optimum", "seconds",
              "repeated"]
    with open(file, "w", newline="") as out:
        writer = csv.DictWriter(out, fields, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def plot(rows, folder, order):
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    colours = {o: plt.get_cmap("tab20")(i % 20) for i, o in enumerate(order)}
    for suite in search.SUITES:
        of_suite = [r for r in rows if r["suite"] == suite]
        names = [n for n in search.SUITES[suite] if any(r["problem"] == n for r in of_suite)]
        if not names:
            continue
        columns = min(4, len(names))
        height = math.ceil(len(names) / columns)
        figure, axes = plt.subplots(height, columns, figsize=(4 * columns, 3 * height), squeeze=False)
        for axis, name in zip(axes.flat, names):
            for o in order:
                curves = [r["curve"] for r in of_suite if r["problem"] == name and r["optimiser"] == o]
                if curves:
                    middle = np.clip(np.median(np.array(curves), axis=0), 1e-4, 1e4)
                    axis.semilogy(np.arange(1, len(middle) + 1), middle, label=o, color=colours[o],
                                  linewidth=2 if o.startswith("sweepd") else 1)
            axis.set_title(name, fontsize=9)
            axis.axhline(1, color="grey", linewidth=0.5)
        for axis in axes.flat[len(names):]:
            axis.axis("off")
        axes[0][0].legend(fontsize=6)
        figure.suptitle(f"{suite}: median regret (1 = random search's at the full budget) against runs")
        figure.tight_layout()
        figure.savefig(folder / f"{suite}.png", dpi=80)
        plt.close(figure)
