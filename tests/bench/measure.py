"""Measures a running server; called by tests/bench/run, which builds what is needed. README.md explains each figure."""

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import select
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/e2e"))
import harness  # noqa: E402

CONNECTIONS = 64
WINDOW_S = 1.0
ROUNDS = 7
HANDOUTS = {8: 1_000, 64: 4_000}  # in one window, by clients
HANDOUT_ROUNDS = 3


def cpu_seconds(pid):
    """Of all threads, in nanosecond steps (clock ticks of 10 ms are too coarse for short windows)."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1e9


def rss_bytes(pid):
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Bench:
    def __init__(self, build):
        self.tools = {n: build / "tests/bench" / n for n in ("sweepd_bench_load", "sweepd_bench_fill", "beast_hello")}
        self.work = build / "bench"
        self.work.mkdir(exist_ok=True)
        self.rows = []

    def row(self, what, got, aim=""):
        self.rows.append((what, got, aim))
        print(f"    {what}: {got}" + (f"  (aim {aim})" if aim else ""), flush=True)

    def load(self, port, connections, seconds, requests, *options):
        text = "".join(f"{method}\t{path}\t{json.dumps(body)}\n" for method, path, body in requests)
        done = subprocess.run([self.tools["sweepd_bench_load"], str(port), str(connections), str(seconds), *options],
                              input=text, stdout=subprocess.PIPE, text=True, check=True)
        *bodies, last = done.stdout.splitlines()
        result = json.loads(last)
        assert result["bad"] == 0, result
        return result, bodies

    def hello(self):
        port = harness.free_port()
        process = harness.start_process([self.tools["beast_hello"], str(port), "1", "timer", "percore"])
        harness.until(10, "beast_hello does not start", lambda: listens(port))
        return port, process.pid


def listens(port):
    import socket
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


class Subject:
    """A server on a store with so many runs, with agents that hold a run each."""

    def __init__(self, bench, runs):
        self.bench, self.runs = bench, runs
        self.data = bench.work / f"store-{runs}"
        if not (self.data / "open-sweep").exists():
            shutil.rmtree(self.data, ignore_errors=True)
            self.data.mkdir(mode=0o700)
            began = time.monotonic()
            sweep = subprocess.run([bench.tools["sweepd_bench_fill"], str(self.data), str(runs)], check=True,
                                   capture_output=True, text=True).stdout.strip()
            print(f"    {runs} runs made in {time.monotonic() - began:.0f} s", flush=True)
            (self.data / "open-sweep").write_text(sweep)
        self.sweep = (self.data / "open-sweep").read_text()
        # A store of its own for what is measured: every run of the benchmark starts from the same one.
        self.copy = bench.work / f"now-{runs}"
        shutil.rmtree(self.copy, ignore_errors=True)
        subprocess.run(["cp", "-r", "--reflink=auto", str(self.data), str(self.copy)], check=True)
        self.server = harness.Server(self.copy)
        self.server.log_path = bench.work / f"server-{runs}.log"
        self.server.start(seconds=600)
        self.joined = 0

    @property
    def pid(self):
        return self.server.process.pid

    def settle(self):
        """Until what a start does in the background is over."""
        def idle():
            before = cpu_seconds(self.pid)
            time.sleep(0.5)
            return cpu_seconds(self.pid) - before < 0.02
        harness.until(600, "the server does not come to rest", idle, 0)

    def join(self, n):
        requests = [("POST", f"/api/v1/sweeps/{self.sweep}/agents", {"name": f"a{self.joined + i}"}) for i in range(n)]
        self.joined += n
        _, bodies = self.bench.load(self.server.port, 64, 600, requests, "--once", "--bodies")
        return [json.loads(b)["agent"] for b in bodies]

    def claims(self, agents):
        return [("POST", f"/api/v1/sweeps/{self.sweep}/claims", {"agent": a, "request_id": a, "wait": "30s"}) for a in agents]

    def beats(self):
        """A heartbeat request for each of 64 agents with a run."""
        out = []
        _, bodies = self.bench.load(self.server.port, 8, 60, self.claims(self.join(CONNECTIONS)), "--once", "--bodies")
        agents = {r["id"]: r["agent"] for r in self.server.runs(self.sweep, "&state=pending")}
        for body in bodies:
            run = json.loads(body)["run"]
            self.server.post(f"/api/v1/runs/{run['id']}/start", {"epoch": run["epoch"]})
            out.append(("POST", f"/api/v1/agents/{agents[run['id']]}/heartbeat", {"alive": [run["id"]]}))
        return out


def heartbeats(bench, small, large):
    print("==> heartbeats per CPU second", flush=True)
    port, pid = bench.hello()
    subjects = {"hello": (port, pid, None), "small": (small.server.port, small.pid, small.beats()),
                "large": (large.server.port, large.pid, large.beats())}
    subjects["hello"] = (port, pid, subjects["small"][2])  # the same bytes
    cost = {name: [] for name in subjects}
    for _ in range(ROUNDS):
        for name, (to, of, requests) in subjects.items():
            before = cpu_seconds(of)
            result, _ = bench.load(to, CONNECTIONS, WINDOW_S, requests)
            cost[name].append((cpu_seconds(of) - before) / result["requests"] * 1e6)
    us = {name: statistics.median(values) for name, values in cost.items()}
    bench.row("CPU a request: beast_hello / a heartbeat", f"{us['hello']:.1f} µs / {us['small']:.1f} µs")
    bench.row("heartbeats per CPU second, against beast_hello", f"{us['hello'] / us['small']:.2f}", "0.8")
    bench.row(f"CPU a heartbeat, {large.runs} runs against {small.runs}", f"{us['large'] / us['small']:.2f}", "at most 1.2")


def fsync_seconds(folder, slower_ms):
    """One 4 KiB append with fdatasync, as a commit makes, with what --disk-ms adds; the median of 100. It sleeps as the
    servers' syncs do, so that the timer's own delay (0.06 ms) is on both sides."""
    path, times = folder / "fsync-probe", []
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for _ in range(100):
        began = time.perf_counter()
        os.write(fd, b"x" * 4096)
        os.fdatasync(fd)
        if slower_ms:
            select.poll().poll(slower_ms)
        times.append(time.perf_counter() - began)
    os.close(fd)
    path.unlink()
    return statistics.median(times)


def handouts(bench, small, large, disk_ms):
    print("==> durable hand-outs" + (f", every sync {disk_ms} ms longer" if disk_ms else ""), flush=True)
    port, _ = bench.hello()
    for clients, n in HANDOUTS.items():
        share, growth_cpu, rates, limits, costs = [], [], [], [], []
        for _ in range(HANDOUT_ROUNDS):
            got = {}
            for subject in (small, large):
                ready = subject.claims(subject.join(n))
                before = cpu_seconds(subject.pid)
                result, _ = bench.load(subject.server.port, clients, 600, ready, "--once", "--expect", '"status":"run"')
                got[subject] = (result["requests"] / result["seconds"], (cpu_seconds(subject.pid) - before) / n)
                if subject is small:
                    trip, _ = bench.load(port, clients, 0.5, ready)
                    limit = clients / (fsync_seconds(subject.copy, disk_ms) + trip["mean_us"] * 1e-6)
            limits.append(limit)
            rates.append(got[small][0])
            share.append(got[small][0] / limit)
            costs.append(got[small][1] * 1e6)
            growth_cpu.append(got[large][1] / got[small][1])
        bench.row(f"hand-outs a second, {clients} clients", f"{statistics.median(rates):.0f} of at most {statistics.median(limits):.0f} "
                  f"= {statistics.median(share):.2f}; {statistics.median(costs):.0f} µs of CPU each", "0.7")
        bench.row(f"CPU a hand-out at {clients} clients, {large.runs} runs against {small.runs}",
                  f"{statistics.median(growth_cpu):.2f}", "at most 1.2")


def restart(bench, subject, aim=""):
    """kill -9, then from exec() to the first hand-out."""
    server = subject.server
    times = []
    for agent in subject.join(3):
        server.kill()
        began = time.monotonic()
        server.launch()
        while True:
            with contextlib.suppress(OSError):
                status, _, text = server.ask("POST", f"/api/v1/sweeps/{subject.sweep}/claims",
                                             {"agent": agent, "request_id": agent, "wait": "30s"})
                if status == 200:
                    assert json.loads(text)["status"] == "run", text
                    break
            assert server.process.poll() is None, server.log()
            time.sleep(0.002)
        times.append(time.monotonic() - began)
    bench.row(f"restart to first hand-out, {subject.runs} runs", f"{statistics.median(times):.2f} s", aim)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="", help="heartbeats, handouts, memory or restart")
    parser.add_argument("--disk-ms", type=int, default=0, help="every sync of the servers takes so much longer")
    args = parser.parse_args()
    if args.disk_ms:
        os.environ.update(LD_PRELOAD=str((args.build / "tests/bench/libsweepd_bench_slow_disk.so").resolve()),
                          SWEEPD_BENCH_DISK_MS=str(args.disk_ms))
    harness.SWEEPD = str((args.build / "controller/sweepd").resolve())
    most = 100_000 if args.quick else args.runs
    bench = Bench(args.build.resolve())
    began = time.monotonic()
    load_before = os.getloadavg()[0]
    try:
        print("==> stores", flush=True)
        small, large = Subject(bench, 1_000), Subject(bench, most)
        small.settle(), large.settle()
        wanted = lambda name: args.only in ("", name)  # noqa: E731
        if wanted("memory"):
            bench.row("memory a run", f"{(rss_bytes(large.pid) - rss_bytes(small.pid)) / (large.runs - small.runs):.0f} bytes")
        if wanted("heartbeats"):
            heartbeats(bench, small, large)
        if wanted("handouts"):
            handouts(bench, small, large, args.disk_ms)
        if wanted("restart"):
            print("==> restart", flush=True)
            if most != 100_000:
                restart(bench, Subject(bench, 100_000), "below 1 s")
            restart(bench, large, "below 1 s" if most == 100_000 else "")
    finally:
        harness.end_all()
    processor = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    lines = [f"{datetime.date.today()}, {os.cpu_count()} cores ({processor}), load {load_before:.1f} before and "
             f"{os.getloadavg()[0]:.1f} after, {time.monotonic() - began:.0f} s.", "", "| what | got | aim |", "| --- | --- | --- |"]
    lines += [f"| {what} | {got} | {aim} |" for what, got, aim in bench.rows]
    (bench.work / "results.md").write_text("\n".join(lines) + "\n")
    print("\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
