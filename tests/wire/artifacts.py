#!/usr/bin/env python3
"""Artifacts: logged, deduplicated, linked, found again and downloaded, across a kill -9 of the server; what only a
deleted one had goes from the disk; one whose files are not all there stays PENDING. Usage: artifacts.py SWEEPD VERSION"""

import base64
import hashlib
import json
import sqlite3
import sys
import urllib.error
import urllib.request

from bench import Bench


def graphql(b, query, **variables):
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(b.url + "/graphql", data=body, headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as e:
        return json.loads(e.read())


def half_uploaded(b):
    """A client that dies between its manifest and its files."""
    made = graphql(b, """mutation($in: CreateArtifactInput!) { createArtifact(input: $in) { artifact { id state } } }""",
                   **{"in": dict(entityName="local", projectName="wire", runName="maker", artifactTypeName="dataset",
                                 artifactCollectionNames=["half"], digest="d", digestAlgorithm="MANIFEST_MD5")})
    art = made["data"]["createArtifact"]["artifact"]
    assert art["state"] == "PENDING", art
    md5 = base64.b64encode(hashlib.md5(b"never sent").digest()).decode()
    manifest = json.dumps({"version": 1, "contents": {"lost.bin": {"digest": md5, "size": 10}}}).encode()
    said = graphql(b, """mutation($id: ID!, $d: String!) { createArtifactManifest(input: {name: "m", digest: $d, artifactID: $id,
                         entityName: "local", projectName: "wire", runName: "maker"}) { artifactManifest { file { uploadUrl } } } }""",
                   id=art["id"], d=base64.b64encode(hashlib.md5(manifest).digest()).decode())
    link = said["data"]["createArtifactManifest"]["artifactManifest"]["file"]["uploadUrl"]
    urllib.request.urlopen(urllib.request.Request(link, data=manifest, method="PUT"), timeout=30).read()
    said = graphql(b, "mutation($id: ID!) { commitArtifact(input: {artifactID: $id}) { artifact { state } } }", id=art["id"])
    assert "lost.bin" in said["errors"][0]["message"], said
    return art["id"]


def stored(b, content):
    """Is a file of these bytes in the database?"""
    with sqlite3.connect(f"file:{b.work / 'data/sweepd.db'}?mode=ro", uri=True) as db:
        return db.execute("SELECT count(*) FROM files WHERE run LIKE 'artifacts:%' AND name = ?",
                          [hashlib.md5(content).hexdigest()]).fetchone()[0] > 0


def main():
    with Bench(sys.argv[1], sys.argv[2]) as b:
        b.run("log_artifacts.py", WANDB_CACHE_DIR=str(b.work / "cache-of-maker"))
        b.restart()
        assert stored(b, b"nobody else has this\n")
        said = b.run("use_artifacts.py", WANDB_CACHE_DIR=str(b.work / "cache-of-reader"))
        assert "used every artifact" in said, said
        b.until(lambda: not stored(b, b"nobody else has this\n"), 30, "what only a deleted artifact had is gone")
        assert stored(b, b"second\n"), "a later version has it as well"
        pending = half_uploaded(b)
        b.restart()
        got = graphql(b, 'query($id: ID!) { artifact(id: $id) { state } project(name: "wire", entityName: "local") {'
                         ' artifact(name: "half:latest") { id } } }', id=pending)["data"]
        assert got == {"artifact": {"state": "PENDING"}, "project": {"artifact": None}}, got
        print(f"wandb {b.version}: artifacts logged, linked, found, downloaded and deleted to the last byte; half of one is PENDING")


if __name__ == "__main__":
    main()
