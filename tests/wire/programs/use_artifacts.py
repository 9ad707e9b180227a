"""Finds by name, alias and version what log_artifacts.py logged; downloads it, and compares."""
import pathlib

import wandb

run = wandb.init(project="wire", id="reader")
art = run.use_artifact("numbers:latest")
assert (art.version, art.type, art.state) == ("v2", "dataset", "COMMITTED"), (art.version, art.type, art.state)
root = pathlib.Path(art.download(root="got-v2"))
assert (root / "moved/a.txt").read_text() == "second\n"
assert (root / "note.txt").read_text() == "third\n"
assert (root / "moved/deep/big.bin").read_bytes() == bytes(range(256)) * 9000
assert (root / "moved/empty").read_bytes() == b""

best = run.use_artifact("numbers:best")
assert best.version == "v0" and best.metadata == {"rows": 3} and best.description == "some numbers", best.metadata
get_entry = best.get_entry if hasattr(best, "get_entry") else best.get_path
assert pathlib.Path(get_entry("a.txt").download(root="got-one")).read_text() == "first\n"
run.finish()

api = wandb.Api()
maker, reader = api.run("wire/maker"), api.run("wire/reader")
logged = [a.name for a in maker.logged_artifacts()]
assert {"numbers:v0", "numbers:v1", "numbers:v2", "net:v0"} <= set(logged), logged
assert any(a.type == "run_table" for a in maker.logged_artifacts()), logged
assert any(a.type == "code" for a in maker.logged_artifacts()), logged
assert [a.name for a in reader.used_artifacts()] == ["numbers:v2", "numbers:v0"], [a.name for a in reader.used_artifacts()]

art = api.artifact("wire/numbers:v0")
assert sorted(art.aliases) == ["again", "best"], art.aliases
assert art.logged_by().id == "maker"
assert [r.id for r in art.used_by()] == ["reader"]
assert sorted(f.name for f in art.files()) == ["a.txt", "deep/big.bin", "empty"]
art.aliases.append("kept")
art.aliases.remove("best")
art.description = "renamed"
art.save()
art = api.artifact("wire/numbers:kept", type="dataset")
assert art.version == "v0" and art.description == "renamed" and sorted(art.aliases) == ["again", "kept"], art.aliases
try:
    api.artifact("wire/numbers:best")
    raise SystemExit("an alias that was removed is still there")
except Exception as e:
    assert "numbers" in str(e) or "found" in str(e), e

assert {t.name for t in api.artifact_types("wire")} >= {"dataset", "model"}
collections = api.artifact_type("dataset", "wire").collections()
assert sorted(c.name for c in collections) == ["chosen", "lonely", "numbers"], [c.name for c in collections]
collections = [c for c in collections if c.name == "numbers"]
assert sorted(collections[0].aliases) == ["again", "kept", "latest"], collections[0].aliases
versions = api.artifacts("dataset", "wire/numbers") if hasattr(api, "artifacts") else api.artifact_versions("dataset", "wire/numbers")
assert [a.version for a in versions] == ["v2", "v1", "v0"], [a.version for a in versions]

linked = api.artifact("wire/chosen:prod")
assert (linked.version, linked.type) == ("v0", "dataset"), linked.version
assert linked.source_name == "lonely:v0" if hasattr(linked, "source_name") else True, linked.source_name
assert (pathlib.Path(linked.download(root="got-linked")) / "only.txt").read_text() == "nobody else has this\n"
api.artifact("wire/lonely:v0").delete(delete_aliases=True)
try:
    api.artifact("wire/chosen:prod")
    raise SystemExit("a link to what was deleted is still there")
except Exception as e:
    assert "chosen" in str(e) or "found" in str(e), e

api.artifact("wire/numbers:v1").delete(delete_aliases=True)
assert api.artifact("wire/numbers:latest").version == "v2"
versions = api.artifacts("dataset", "wire/numbers") if hasattr(api, "artifacts") else api.artifact_versions("dataset", "wire/numbers")
assert [a.version for a in versions] == ["v2", "v0"]
print("used every artifact")
