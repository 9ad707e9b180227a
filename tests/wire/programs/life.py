"""What a run's program can do with it, one small run after the other."""
import pathlib
import sys

import wandb


def ends():
    run = wandb.init(project="life", id="code-3")
    run.finish(exit_code=3)
    run = wandb.init(project="life", id="preempted")
    run.log({"x": 1})
    run.mark_preempting()
    run.finish(exit_code=1)
    run = wandb.init(project="life", id="not-preempted")
    run.mark_preempting()
    run.finish()


def rich():
    run = wandb.init(project="life", id="rich", config={"a": 1, "deep": {"b": [1, {"c": None}]}})
    run.config.update({"late": "yes"})
    run.define_metric("epoch/*", step_metric="epoch")
    run.log({"x": 1.0}, commit=False)
    run.log({"y": float("nan"), "z": float("-inf")})
    run.log({"x": 2.0, "epoch/n": 1, "epoch": 1}, step=10)
    run.log({"page": wandb.Html("<b>bold</b>"), "table": wandb.Table(columns=["n", "t"], data=[[1, "one"], [2, "two"]])})
    run.summary["nested"] = {"deep": {"value": 0.1}}
    run.alert(title="attention", text="nothing is wrong")
    run.tags = run.tags + ("late",)
    run.notes = "written later"
    pathlib.Path("kept.txt").write_text("a file of one's own\n")
    run.save("kept.txt", policy="now")
    print("an ordinary line")
    for percent in range(0, 101, 20):
        sys.stdout.write(f"\rprogress {percent} %")
        sys.stdout.flush()
    print("\nthe end of the bar")
    run.finish()


def again():
    run = wandb.init(project="life", id="rich", resume="allow")
    assert run.resumed, "it was there"
    run.log({"x": 3.0})
    run.finish()
    refused("never", "rich")


def refused(resume, name):
    try:
        wandb.init(project="life", id=name, resume=resume).finish()
    except Exception as e:
        print(f"resume={resume} refused: {type(e).__name__}")
    else:
        raise AssertionError(f"resume={resume} was let through")


if sys.argv[1:] == ["must"]:  # in a process of its own: after one refusal 0.16 waits 90 s for the answer to the next
    refused("must", "nobody")
else:
    ends()
    rich()
    again()
    print("lived")
