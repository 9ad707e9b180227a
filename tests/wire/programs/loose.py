"""Runs without a sweep: one that tells all about itself, and is taken up again."""
import wandb

run = wandb.init(project="alone", id="first-run", name="my name", notes="some notes", tags=["a", "b"], group="g1",
                 job_type="train", config={"lr": 0.5, "nested": {"x": 1}})
print("a line of output")
for step in range(3):
    run.log({"loss": 3.0 - step})
run.summary["best"] = 1.0
run.finish()

again = wandb.init(project="alone", id="first-run", resume="must")
assert again.config["lr"] == 0.5, dict(again.config)
print("and another")
for step in range(2):
    again.log({"loss": 0.5 - step})
again.finish()
