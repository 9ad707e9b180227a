"""What the end-to-end tests share: a work folder, servers and agents as real processes, the REST API.
A test reads: `with harness.folder("grid") as work:`, a Server, agents, and plain assertions."""

import contextlib
import ctypes
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SWEEPD = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else None
NAME = pathlib.Path(sys.argv[0]).stem
TERMINAL = {"finished", "failed", "killed"}

_started = []
_libc = ctypes.CDLL(None)


def start_process(command, **options):
    """A child that does not outlive the test, whatever ends it (prctl(2): PR_SET_PDEATHSIG is 1)."""
    process = subprocess.Popen(command, preexec_fn=lambda: _libc.prctl(1, signal.SIGKILL), **options)
    _started.append(process)
    return process


@contextlib.contextmanager
def folder():
    """A work folder, removed after a good end and kept (and named) after a bad one. Children are ended."""
    work = pathlib.Path(tempfile.mkdtemp(prefix=f"sweepd-{NAME}-"))
    try:
        yield work
    except BaseException:
        print(f"{NAME}: the logs and the database are in {work}", file=sys.stderr)
        raise
    else:
        end_all()
        shutil.rmtree(work)
    finally:
        end_all()


def end_all():
    for process in _started:
        if process.poll() is None:
            process.kill()
            process.wait()
    _started.clear()


def until(seconds, what, test, every=0.1):
    """Polls `test` until it gives something true, which is returned."""
    deadline = time.monotonic() + seconds
    while True:
        got = test()
        if got:
            return got
        assert time.monotonic() < deadline, f"after {seconds} s: {what}"
        time.sleep(every)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """`sweepd serve` on one data folder and one port, so that it can be killed and started again."""

    def __init__(self, data, *options, port=None):
        self.data, self.options, self.port = pathlib.Path(data), options, port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_path = self.data.parent / "server.log"
        self.restarts = []
        self.process = None

    def launch(self):
        """Starts the process and does not wait."""
        self.process = start_process(
            [SWEEPD, "serve", "--listen", f"127.0.0.1:{self.port}", "--data", str(self.data), "--log-level", "warn",
             *self.options], stdout=subprocess.DEVNULL, stderr=open(self.log_path, "ab"))
        return self

    def start(self, seconds=120):
        began = time.monotonic()
        self.launch()
        while not self.ready():
            assert self.process.poll() is None, f"the server ended ({self.process.returncode}): {self.log()[-500:]}"
            assert time.monotonic() - began < seconds, "the server does not come up"
            time.sleep(0.02)
        self.restarts.append(time.monotonic() - began)
        return self

    def ready(self):
        try:
            urllib.request.urlopen(self.url + "/readyz", timeout=5).close()
            return True
        except OSError:
            return False

    def log(self):
        return self.log_path.read_text(errors="replace")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.terminate()
        return self.process.wait(timeout=60)

    # --- the REST API ---

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return json.load(answer)

    def post(self, path, body, key=None):
        return json.loads(self.ask("POST", path, body, key)[2])

    def ask(self, method, path, body=None, key=None, timeout=60):
        """(status, headers, text), whatever the status."""
        headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.headers, e.read().decode()

    def runs(self, sweep, more=""):
        items, cursor = [], ""
        while True:
            page = self.get(f"/api/v1/runs?sweep={sweep}{more}&limit=1000" + (f"&cursor={cursor}" if cursor else ""))
            items += page["items"]
            cursor = page.get("next")
            if not cursor:
                return items

    def events(self, **filters):
        items = []
        query = "".join(f"&{k}={v}" for k, v in filters.items())
        while True:
            page = self.get(f"/api/v1/events?limit=1000&after={items[-1]['seq'] if items else 0}{query}")
            items += page["items"]
            if len(page["items"]) < 1000:
                return items

    def moves(self, to=None, **filters):
        """The run_moved events, oldest first."""
        found = self.events(type="run_moved", **filters)
        return [e for e in found if to is None or e["body"]["to"] == to]

    # --- the command line ---

    def env(self, **more):
        return dict(os.environ, SWEEPD_URL=self.url, **more)

    def cli(self, *words, **options):
        done = subprocess.run([SWEEPD, *words], env=self.env(), capture_output=True, text=True, **options)
        assert done.returncode == 0, f"sweepd {' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def launch_sweep(self, work, text):
        path = pathlib.Path(work) / f"sweep{len(list(pathlib.Path(work).glob('sweep*.yaml')))}.yaml"
        path.write_text(text)
        return self.cli("launch", str(path), "-q").split()[0]

    def agent(self, sweep, place, *options, program=None, **env):
        """A real agent in its own folder; its output is in `place`/log."""
        place = pathlib.Path(place)
        place.mkdir(exist_ok=True)
        if program is not None:
            (place / "train.sh").write_text(program)
        return start_process([SWEEPD, "agent", sweep, *options], cwd=place, env=self.env(**env),
                             stdout=open(place / "log", "ab"), stderr=subprocess.STDOUT)


class ForeignAgent:
    """An agent that is not ours: it joins, claims and beats by the documented API, and does only what the
    test says. For what our own agent never does, such as dropping a run without a final record."""

    def __init__(self, server, sweep, name):
        self.server, self.sweep, self.claims = server, sweep, 0
        self.id = server.post(f"/api/v1/sweeps/{sweep}/agents", {"name": name})["agent"]

    def claim(self, wait="30s"):
        self.claims += 1
        got = self.server.post(f"/api/v1/sweeps/{self.sweep}/claims",
                               {"agent": self.id, "request_id": f"{self.id}-{self.claims}", "wait": wait})
        assert got.get("status") == "run", got
        return got["run"]

    def start(self, run):
        return self.server.post(f"/api/v1/runs/{run['id']}/start", {"epoch": run["epoch"]})

    def report(self, run, **data):
        return self.server.post(f"/api/v1/runs/{run['id']}/report", {"epoch": run["epoch"], **data})

    def beat(self, *alive):
        return self.server.post(f"/api/v1/agents/{self.id}/heartbeat", {"alive": [r["id"] for r in alive]})
