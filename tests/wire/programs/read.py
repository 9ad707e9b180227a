"""The public API on what loose.py left."""
import wandb

api = wandb.Api()
run = api.run("local/alone/first-run")
assert run.state == "finished", run.state
assert run.name == "my name", run.name
assert sorted(run.tags) == ["a", "b"], run.tags
assert run.config["lr"] == 0.5 and run.config["nested"] == {"x": 1}, run.config
assert run.summary["loss"] == -0.5, dict(run.summary)
losses = [row["loss"] for row in run.scan_history()]
assert losses == [3.0, 2.0, 1.0, 0.5, -0.5], losses
steps = [row["_step"] for row in run.scan_history()]
assert steps == [0, 1, 2, 3, 4], steps
assert len(run.history(pandas=False)) == 5
names = {f.name for f in run.files()}
assert {"config.yaml", "wandb-metadata.json", "output.log"} <= names, names
run.file("config.yaml").download(root="downloaded", replace=True)
assert "lr" in open("downloaded/config.yaml").read()
found = api.runs("local/alone", filters={"config.lr": 0.5, "summary_metrics.loss": {"$lt": 0}})
assert [r.id for r in found] == ["first-run"], [r.id for r in found]
assert not list(api.runs("local/alone", filters={"state": "crashed"}))
print("read everything")
