"""The public API's writes, on what life.py left."""
import pathlib

import wandb

api = wandb.Api()
assert api.default_entity == "local", api.default_entity
assert api.viewer.username == "local"

run = api.run("local/life/rich")
run.config["added"] = {"x": [1, 2]}
run.tags.append("by-api")
run.notes = "by the api"
run.name = "renamed"
run.update()
run.summary["judged"] = 0.75
run.summary.update()
run = wandb.Api().run("local/life/rich")
assert run.state == "finished", "to describe a run does not wake it"
assert run.config["added"] == {"x": [1, 2]} and run.config["late"] == "yes", run.config
assert set(run.tags) == {"late", "by-api"} and run.name == "renamed", (run.tags, run.name)
assert run.notes == "by the api", run.notes
assert run.summary["judged"] == 0.75 and run.summary["nested"]["deep"]["value"] == 0.1, dict(run.summary)
assert [row["x"] for row in run.scan_history(keys=["x"])] == [1.0, 2.0, 3.0]
assert [row["_step"] for row in run.scan_history(page_size=1)] == [0, 10, 11], list(run.scan_history())
assert [row["x"] for row in run.scan_history(keys=["x", "_step"], min_step=5)] == [2.0, 3.0]
rows = run.history(keys=["x"], pandas=False)
assert [row["x"] for row in rows] == [1.0, 2.0, 3.0], rows
pathlib.Path("more.txt").write_text("uploaded by the api\n")
run.upload_file("more.txt")
names = {f.name for f in run.files()}
assert {"more.txt", "kept.txt", "output.log", "config.yaml"} <= names, names
assert any(n.startswith("media/html/") for n in names), names
assert run.file("./more.txt").size == 20, "./x is x"
with run.file("more.txt").download(root="down", replace=True) as f:
    assert f.read() == "uploaded by the api\n"
run.file("more.txt").delete()
assert "more.txt" not in {f.name for f in run.files()}
with run.file("output.log").download(root="down", replace=True) as f:
    log = f.read()
assert "an ordinary line" in log and "the end of the bar" in log, log

failed = api.runs("local/life", filters={"state": "failed"})
assert {r.id for r in failed} == {"code-3", "raises"}, [r.id for r in failed]
order = [r.id for r in api.runs("local/life", order="+created_at")]
assert order.index("code-3") < order.index("preempted") < order.index("rich"), order
top = [r.id for r in api.runs("local/life", order="-summary_metrics.x", per_page=2)]
assert len(top) == len(order) and top[0] == "offline-run", top
assert [r.id for r in api.runs("local/life", {"display_name": {"$regex": "^ren"}})] == ["rich"]
assert [r.id for r in api.runs("local/life", {"tags": {"$in": ["by-api"]}})] == ["rich"]
assert len(api.runs("local/life", {"$or": [{"config.lr": 0.25}, {"config.late": "yes"}]})) == 2
try:
    wandb.Api().run("local/life/nobody")
except Exception as e:
    assert "nobody" in str(e), e
else:
    raise AssertionError("a run that is not there was found")

api.create_project("made", "local")
assert "made" in {p.name for p in api.projects("local")}, [p.name for p in api.projects("local")]

api.run("local/life/code-3").delete()
assert "code-3" not in {r.id for r in wandb.Api().runs("local/life")}
try:
    wandb.Api().run("local/life/code-3")
except Exception as e:
    assert "code-3" in str(e), e
else:
    raise AssertionError("a deleted run was found")
print("wrote everything")
