"""Logs versions of a data set: files, folders, aliases, metadata; a draft on top of one; a table."""
import pathlib

import wandb

root = pathlib.Path("made")
(root / "deep").mkdir(parents=True, exist_ok=True)
(root / "a.txt").write_text("first\n")
(root / "empty").write_bytes(b"")
(root / "deep/big.bin").write_bytes(bytes(range(256)) * 9000)  # over two of the server's pieces

run = wandb.init(project="wire", id="maker")
art = wandb.Artifact("numbers", type="dataset", description="some numbers", metadata={"rows": 3})
art.add_dir(str(root))
run.log_artifact(art, aliases=["best"])
art.wait()
assert (art.version, art.state, art.size) == ("v0", "COMMITTED", 6 + 256 * 9000), (art.version, art.state, art.size)

again = wandb.Artifact("numbers", type="dataset")
again.add_dir(str(root))
run.log_artifact(again, aliases=["again"])
again.wait()
assert again.version == "v0", again.version  # the same content is the same version

(root / "a.txt").write_text("second\n")
art = wandb.Artifact("numbers", type="dataset")
art.add_dir(str(root), name="moved")
run.log_artifact(art)
art.wait()
assert art.version == "v1", art.version

draft = art.new_draft()
with draft.new_file("note.txt") as f:
    f.write("third\n")
run.log_artifact(draft)
draft.wait()
assert draft.version == "v2", draft.version

lonely = wandb.Artifact("lonely", type="dataset")
with lonely.new_file("only.txt") as f:
    f.write("nobody else has this\n")
run.log_artifact(lonely)
lonely.wait()
run.link_artifact(lonely, "chosen", aliases=["prod"])

model = wandb.Artifact("net", type="model")
with model.new_file("weights") as f:
    f.write("w" * 100)
run.log_artifact(model)
run.log({"table": wandb.Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]])})
run.log_code(".")
run.finish()
