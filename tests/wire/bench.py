"""What the wire tests share: a real sweepd, and the unmodified W&B client in its own virtual environment."""

import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAMS = ROOT / "tests/wire/programs"
KEY = "local-" + "k" * 40  # while sweepd has no key of its own, any well-formed one is the local user
# A client's second process may say where it listens before it does; a busy machine shows it. No request was made then.
SERVICE_RACE = "Connection to wandb service failed"
# What an old client needs beside itself, in versions of its time.
PINS = {"0.16.6": ["setuptools<81", "numpy<2", "protobuf<5"]}


def environment_of(version, extra=None):
    """The Python of a virtual environment that holds this version of the client, with one of its extras if asked
    for; made when it is missing."""
    home = ROOT / "build/venvs" / (f"wandb-{version}" + (f"-{extra}" if extra else ""))
    python = home / "bin/python"
    ready = home / "ready"
    home.parent.mkdir(parents=True, exist_ok=True)
    with open(home.with_name(home.name + ".lock"), "w") as lock:  # several tests may want it at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            shutil.rmtree(home, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
            what = f"wandb{f'[{extra}]' if extra else ''}=={version}"
            subprocess.run([str(python), "-m", "pip", "install", "-q", what, *PINS.get(version, [])], check=True)
            ready.touch()
    return python


def children_of(pid):
    """The process and everything below it."""
    out = [pid]
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            child, parent = int(stat.parent.name), int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
        if parent == pid:
            out += children_of(child)
    return out


class Bench:
    """with Bench(sweepd, version) as b: ..."""

    def __init__(self, sweepd, version, config="", extra=None):
        self.sweepd = os.path.abspath(sweepd)
        self.python = environment_of(version, extra)
        self.version = version
        self.work = pathlib.Path(tempfile.mkdtemp(prefix=f"sweepd-wire-{version}-"))
        for script in PROGRAMS.glob("*.py"):
            shutil.copy(script, self.work)
        self.config = self.work / "sweepd.yaml"
        self.config.write_text(config or "{}\n")
        self.server = None
        self.started = []

    def __enter__(self):
        self.start_server()
        return self

    def __exit__(self, kind, value, trace):
        for p in self.started:
            if p.poll() is None:
                for pid in reversed(children_of(p.pid)):  # an agent's programs too
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                p.wait()
        self.server.terminate()
        self.server.wait()
        if kind is None:
            shutil.rmtree(self.work)
        else:
            print(f"{self.version}: the logs and the database are in {self.work}", file=sys.stderr)

    def start_server(self, listen="127.0.0.1:0"):
        url_file = self.work / "data/sweepd.url"
        url_file.unlink(missing_ok=True)
        with open(self.work / "server.log", "ab") as log:
            self.server = subprocess.Popen([self.sweepd, "serve", "--config", str(self.config), "--listen", listen,
                                            "--data", str(self.work / "data")], stdout=subprocess.DEVNULL, stderr=log)
        self.until(lambda: url_file.exists() and url_file.read_text().strip(), 60, "the server starts")
        self.url = url_file.read_text().split()[0]

    def restart(self):
        """kill -9, and again on the same port."""
        self.server.kill()
        self.server.wait()
        self.start_server(self.url.removeprefix("http://"))

    def env(self, **more):
        home = self.work / "home"
        home.mkdir(exist_ok=True)
        keep = {k: v for k, v in os.environ.items() if not k.startswith("WANDB_")}
        return dict(keep, HOME=str(home), WANDB_BASE_URL=self.url, WANDB_API_KEY=KEY, WANDB_DIR=str(self.work),
                    WANDB_CONSOLE="wrap", WANDB_ERROR_REPORTING="false", PATH=f"{self.python.parent}:{os.environ['PATH']}",
                    **more)

    def start(self, *words, **more):
        """A program of the virtual environment, or a script of tests/wire/programs, in the working directory."""
        command = [str(self.python), *words] if words[0].endswith(".py") else [str(self.python.parent / words[0]), *words[1:]]
        p = subprocess.Popen(command, cwd=self.work, env=self.env(**more), text=True, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
        self.started.append(p)
        return p

    def run(self, *words, timeout=180, code=0, **more):
        for last in (False, False, True):
            p = self.start(*words, **more)
            out, _ = p.communicate(timeout=timeout)
            if p.returncode == code:
                return out
            assert SERVICE_RACE in out and not last, f"{' '.join(words)}: exit code {p.returncode}\n{out}"

    def agent(self, *words, **more):
        """`wandb agent`, once the server knows of it."""
        for last in (False, False, True):
            known = {a["id"] for a in self.rest("/agents?limit=1000")["items"]}
            p = self.start("wandb", "agent", *words, **more)
            joined = lambda: {a["id"] for a in self.rest("/agents?limit=1000")["items"]} - known  # noqa: E731
            self.until(lambda: p.poll() is not None or joined(), 120, "the agent joins")
            if p.poll() is None or joined():
                return p
            out, _ = p.communicate()
            assert SERVICE_RACE in out and not last, f"wandb agent: exit code {p.returncode}\n{out}"

    def rest(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + "/api/v1" + path, data=data, headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def runs(self, **query):
        return self.rest("/runs?limit=1000&" + "&".join(f"{k}={v}" for k, v in query.items()))["items"]

    def history(self, run):
        return self.rest(f"/runs/{run}/history")["items"]

    def history_pages(self, run):
        lines, at = self.rest(f"/runs/{run}")["history_lines"], 0
        while at < lines:
            page = self.rest(f"/runs/{run}/history?from={at}&limit=1000")["items"]
            at += len(page)
            yield page

    def log(self, run):
        with urllib.request.urlopen(f"{self.url}/api/v1/runs/{run}/log", timeout=30) as answer:
            return answer.read().decode()

    @staticmethod
    def until(true, seconds, what):
        """Polls: what is waited for happens in other processes."""
        end = time.monotonic() + seconds
        while True:
            got = true()
            if got:
                return got
            assert time.monotonic() < end, f"not within {seconds} s: {what}"
            time.sleep(0.2)
