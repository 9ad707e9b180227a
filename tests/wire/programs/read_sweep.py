"""The public API on a finished sweep. argv: the sweep."""
import sys

import wandb

api = wandb.Api()
sweep = api.sweep(f"local/wire/{sys.argv[1]}")
assert sweep.state.upper() == "FINISHED", sweep.state
assert sweep.config["method"] == "grid", sweep.config
assert len(sweep.runs) == 4, len(sweep.runs)
best = sweep.best_run()
assert best.summary["loss"] == min(r.summary["loss"] for r in sweep.runs), best.summary
assert best.sweep.id == sys.argv[1], best.sweep
assert sweep.order == "+summary_metrics.loss", sweep.order
print("read the sweep")
