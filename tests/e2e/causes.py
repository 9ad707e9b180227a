#!/usr/bin/env python3
"""Every cause of the crash policy, produced for real and found with its evidence in the event: by real
programs under real agents, and, for what our agent never does, by an agent of the test's own that speaks the
documented API. Usage: causes.py SWEEPD"""

import os
import pathlib
import shlex
import signal
import time

import harness

# Trials 1, 2, ... in this order: (what the program does, state and cause of the run, source and words of its evidence)
PROGRAMS = [
    ("exit 3", "failed", "exit_code", "exit status", "exit code 3"),
    ("kill -SEGV $$", "failed", "signal", "exit status", "killed by SIGSEGV (11)"),
    ("exec python3 -c 'raise ValueError(\"the loss is no number\")'", "failed", "exception", "output.log",
     "ValueError: the loss is no number"),
    ("exec python3 -c 'import argparse as a; p = a.ArgumentParser(prog=\"train.py\"); p.add_argument(\"--lr\", type=float); "
     "p.parse_args([\"--lr=fast\"])'", "failed", "invalid_config", "output.log",
     "train.py: error: argument --lr: invalid float value: 'fast'"),
    ("python3 -c 'import resource as r; r.setrlimit(r.RLIMIT_AS, (1 << 28,) * 2); bytearray(1 << 30)'; exit $?", "failed", "oom",
     "output.log", "MemoryError"),
    ("echo \"$LINE\" >> \"$SWEEPD_METRICS_FILE\"; LINE=; exit 0", "finished", "metric_missing", "history",
     "'loss' was never logged"),
    ("echo '{\"loss\": NaN}' >> \"$SWEEPD_METRICS_FILE\"; exit 0", "finished", "metric_nan", "history",
     "'loss' was logged only as NaN or infinite"),
]

TIMERS = """
  suspect_after: 2s
  crash_after: 4s
  fail_after: 2s
  start_grace: 1s
  exit_grace: 1s
  stall_after: 2s
  breaker: {consecutive: 0, ratio: off, agent_consecutive: 0}
"""
REQUIRED = {"exit_code", "signal", "oom", "exception", "preempted", "agent_lost", "exited_silently", "silent",
            "never_started", "stalled", "user_stop", "invalid_config", "metric_missing", "metric_nan"}

seen = set()


def sweep_text(name, program, cells, rules="[{when: {}, do: fail}]"):
    return f"""
program: {program}
command: [/bin/sh, "${{program}}"]
method: grid
name: {name}
metric: {{name: loss, goal: minimize}}
parameters: {{x: {{values: {list(range(1, cells + 1))}}}}}
crash_policy:{TIMERS}  rules: {rules}
"""


def expect(server, run, state, cause, source, words, end=True):
    """The run's state, and the event that names the cause, with the evidence in it."""
    found = harness.until(20, f"run {run} does not become {state} by {cause}",
                          lambda: [r for r in [server.get(f"/api/v1/runs/{run}")] if (r["state"], r["cause"]) == (state, cause)])
    events = [e for e in server.moves(run=run) if e["body"]["cause"] == cause]
    assert events, f"no event of run {run} names {cause}"
    said = [(e["source"], e["text"]) for event in events for e in event["body"]["why"]]
    assert any(s == source and words in text for s, text in said), f"{cause}: no '{source}: {words}' in {said}"
    seen.add(cause)
    return found[0]


def by_program(server, work):
    """Real programs under a real agent."""
    lines = "".join(f"[ $SWEEPD_TRIAL = {n} ] && {{ {does}; }}\n" for n, (does, *_) in enumerate(PROGRAMS, 1))
    sweep = server.launch_sweep(work, sweep_text("programs", "train.sh", len(PROGRAMS)))
    agent = server.agent(sweep, work / "programs", program=lines, LINE='{"other": 1}')
    assert agent.wait(timeout=120) == 0, (work / "programs/log").read_text()
    runs = {r["trial"]: r["id"] for r in server.runs(sweep)}
    for n, (_, state, cause, source, words) in enumerate(PROGRAMS, 1):
        expect(server, runs[n], state, cause, source, words)


def by_kernel(server, work):
    """The kernel's own kill, in a control group of 128 MiB: the agent finds the counter of such kills risen."""
    root = pathlib.Path("/sys/fs/cgroup/memory" if pathlib.Path("/sys/fs/cgroup/memory").is_dir() else "/sys/fs/cgroup")
    group = root / f"sweepd-{os.getpid()}"
    limit = "memory.limit_in_bytes" if root.name == "memory" else "memory.max"
    try:
        group.mkdir()
        (group / limit).write_text(str(128 << 20))
    except OSError as e:
        print(f"causes: SKIPPED: the kernel's memory kill: cannot limit a control group's memory here ({e})")
        if group.exists():
            group.rmdir()
        return
    try:
        program = "exec python3 -c 'hoard = [bytearray(1 << 20) for _ in range(1024)]'"
        sweep = server.launch_sweep(work, sweep_text("kernel", "train.sh", 1))
        place = work / "kernel"
        place.mkdir()
        (place / "train.sh").write_text(program)
        inside = f"echo $$ > {group}/cgroup.procs && exec {shlex.quote(harness.SWEEPD)} agent {sweep}"
        agent = harness.start_process(["/bin/sh", "-c", inside], cwd=place, env=server.env(),
                                      stdout=open(place / "log", "ab"), stderr=-2)
        assert agent.wait(timeout=60) == 0, (place / "log").read_text()
        run = server.runs(sweep)[0]
        assert run["signal"] == 9, run
        expect(server, run["id"], "failed", "oom", "control group", "oom_kill rose from")
    finally:
        harness.until(10, "the control group is not empty", lambda: not (group / "cgroup.procs").read_text())
        group.rmdir()


def by_people_and_schedulers(server, work):
    """An operator's stop, and the TERM of a scheduler, of two programs that would run for ever."""
    sweep = server.launch_sweep(work, sweep_text("stopped", "train.sh", 2))
    agent = server.agent(sweep, work / "stopped", "--preemptible", program="exec sleep 1000")

    def running():
        return [r["id"] for r in server.runs(sweep, "&state=running")]

    run = harness.until(20, "no run", running)[0]
    server.cli("stop-run", run, "--reason", "it is not needed any more", "--yes")
    expect(server, run, "killed", "user_stop", "operator", "it is not needed any more")
    run = harness.until(20, "no second run", lambda: [r for r in running() if r != run])[0]
    agent.send_signal(signal.SIGTERM)
    assert agent.wait(timeout=30) == 0
    moved = expect(server, run, "preempted", "preempted", "exit status", "killed by SIGTERM (15)")
    assert [e["body"]["to"] for e in server.moves(run=run)] == ["running", "preempting", "preempted"], moved


def by_loss(server, work):
    """A host that is gone with everything on it."""
    sweep = server.launch_sweep(work, sweep_text("lost", "train.sh", 1))
    agent = server.agent(sweep, work / "lost", program="exec sleep 1000")
    run = harness.until(20, "no run", lambda: server.runs(sweep, "&state=running"))[0]
    agent.kill()
    # "silent for 4s", or "is lost" when that was found first.
    expect(server, run["id"], "failed", "agent_lost", "agent heartbeat", f"agent {run['agent']} ")


def by_foreign_agent(server, work):
    """What the policy must recognise although our own agent never does it."""
    sweep = server.launch_sweep(work, sweep_text("foreign", "none", 5, "[{when: {cause: [stalled]}, do: fail}, {when: {}, do: fail}]"))
    agent = harness.ForeignAgent(server, sweep, "foreign")

    # A process that dies, and an agent that has nothing to say of how: it only stops listing it.
    gone = agent.claim()
    agent.start(gone)
    agent.beat(gone)
    agent.beat()
    expect(server, gone["id"], "failed", "exited_silently", "run stream", "no final record within 1s")

    # Listed once, never started, then no longer listed.
    offered = agent.claim()
    agent.beat(offered)
    agent.beat()
    expect(server, offered["id"], "failed", "never_started", "agent map", "its agent listed it and no longer does")

    # The agent goes on listing a process whose stream has fallen silent.
    hung = agent.claim()
    agent.start(hung)
    harness.until(15, "the run does not stall", lambda: agent.beat(hung) and server.get(f"/api/v1/runs/{hung['id']}")["cause"] == "stalled")
    expect(server, hung["id"], "crashed", "stalled", "run stream", "silent for 2s")
    assert hung["id"] in agent.beat(hung)["stop"], "a stalled run is not told to stop"

    # No signal of the run, from an agent that lives: its requests for work come, its heartbeats do not.
    quiet = agent.claim()
    agent.start(quiet)
    began = time.monotonic()
    while server.get(f"/api/v1/runs/{quiet['id']}")["state"] == "running":
        assert time.monotonic() - began < 15, "the silent run does not crash"
        server.post(f"/api/v1/sweeps/{sweep}/claims", {"agent": agent.id, "request_id": "busy", "wait": "0s"})
        time.sleep(0.2)
    expect(server, quiet["id"], "failed", "silent", "run stream", "silent for 4s")


def main():
    with harness.folder() as work:
        server = harness.Server(work / "data").start()
        by_program(server, work)
        by_kernel(server, work)
        by_people_and_schedulers(server, work)
        by_loss(server, work)
        by_foreign_agent(server, work)
        assert seen == REQUIRED, f"not produced: {REQUIRED - seen}; unexpected: {seen - REQUIRED}"
        print(f"causes: {len(seen)} causes produced for real, each with its evidence in the event")


if __name__ == "__main__":
    main()
