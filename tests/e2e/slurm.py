#!/usr/bin/env python3
"""Agents as jobs of a real Slurm on this machine: a job preempted by a higher partition, one cancelled, one over its
time limit. Each run ends as preempted with the scheduler's own words as evidence, and its trial is handed out again.
Needs root and Debian's slurm-wlm and munge. Usage: slurm.py SWEEPD"""

import os
import re
import shutil
import socket
import subprocess
import sys

import harness

SKIPPED = 77  # what ctest takes for "skipped"

SWEEP = """
program: train.sh
command: [/bin/sh, "${program}"]
method: grid
name: slurm
parameters: {x: {values: [1, 2, 3]}}
crash_policy: {breaker: {consecutive: 0, ratio: off, agent_consecutive: 0}}
"""
# The first attempt of each trial never ends by itself.
PROGRAM = """
echo "attempt $SWEEPD_ATTEMPT of trial $SWEEPD_TRIAL"
[ $SWEEPD_ATTEMPT = 1 ] && exec sleep 1000
exit 0
"""
CONFIG = """
ClusterName=sweepd
SlurmUser=root
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
KillWait=20
SchedulerParameters=bf_interval=1,sched_interval=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus}
PartitionName=low Nodes={host} Default=YES PriorityTier=1 MaxTime=INFINITE State=UP
PartitionName=high Nodes={host} PriorityTier=10 PreemptMode=off MaxTime=INFINITE State=UP
"""


class Slurm:
    def __init__(self, folder):
        self.folder = folder
        folder.parent.chmod(0o755)
        for name in ("munge", "state", "spool"):
            (folder / name).mkdir(parents=True)
        shutil.chown(folder / "munge", "munge", "munge")
        config = folder / "slurm.conf"
        config.write_text(CONFIG.format(folder=folder, host=socket.gethostname().split(".")[0], cpus=os.cpu_count(),
                                        controller_port=harness.free_port(), node_port=harness.free_port()))
        self.env = dict(os.environ, SLURM_CONF=str(config), PATH=os.environ["PATH"] + ":/usr/sbin")
        log = open(folder / "daemons.log", "ab")
        munge = folder / "munge"
        harness.start_process(["munged", "--foreground", "--force", f"--socket={munge}/socket", f"--log-file={munge}/log",
                               f"--pid-file={munge}/pid", f"--seed-file={munge}/seed"],
                              user="munge", group="munge", env=self.env, stdout=log, stderr=log)
        harness.until(20, "munged does not start", (munge / "socket").exists)
        for daemon in ("slurmctld", "slurmd"):
            harness.start_process([daemon, "-D"], env=self.env, stdout=log, stderr=log)
        harness.until(60, "the node does not come up", lambda: "idle" in self.ask("sinfo", "-h", "-p", "low"))

    def ask(self, *command, check=False, **options):
        done = subprocess.run(command, env=options.pop("env", self.env), capture_output=True, text=True, **options)
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def submit(self, *options, env=None, cwd=None):
        """The job's number."""
        said = self.ask("sbatch", *options, check=True, env=env or self.env, cwd=cwd or self.folder)
        return re.search(r"job (\d+)", said).group(1)

    def state(self, job):
        return self.ask("squeue", "-h", "-j", job, "-o", "%T").strip()


def start_agent(slurm, server, sweep, place, *options):
    """`sweepd agent` as a job that fills the node; its job and the run that it then has."""
    place.mkdir()
    (place / "train.sh").write_text(PROGRAM)
    env = dict(slurm.env, SWEEPD_URL=server.url)
    before = {r["id"] for r in server.runs(sweep)}
    job = slurm.submit("-p", "low", f"-c{os.cpu_count()}", *options, "--wrap", f"exec {harness.SWEEPD} agent {sweep} --count 1",
                       env=env, cwd=place)
    fresh = harness.until(90, f"job {job} takes no run", lambda: [r["id"] for r in server.runs(sweep, "&state=running")
                                                                  if r["id"] not in before])
    return job, fresh[0]


def taken(server, run, words, seconds=60):
    """The run was taken by its scheduler: state, cause, and the scheduler's words in the event."""
    harness.until(seconds, f"run {run} is not preempted", lambda: server.get(f"/api/v1/runs/{run}")["state"] in
                  ("preempted", "failed", "crashed", "killed"))
    found = server.get(f"/api/v1/runs/{run}")
    # Agent and program are signalled together: where the program's death is seen first, the run crashes by it.
    why = [e for to in ("preempted", "crashed") for m in server.moves(to, run=run) for e in m["body"]["why"]]
    said = [e["text"] for e in why if e["source"] == "scheduler log"]
    assert found["cause"] == "preempted", f"{found['state']}, {found['cause']}: {why}"
    assert any(re.search(words, text) for text in said), f"no '{words}' in the scheduler's words: {why}"
    return next(text for text in said if re.search(words, text))


def main():
    missing = [p for p in ("munged", "slurmctld", "slurmd", "sbatch") if not shutil.which(p, path=os.environ["PATH"] + ":/usr/sbin")]
    if missing or os.geteuid() != 0:
        print(f"slurm: SKIPPED: {'needs root' if not missing else 'not installed: ' + ', '.join(missing)} "
              "(apt-get install slurm-wlm munge)")
        return SKIPPED
    with harness.folder() as work:
        server = harness.Server(work / "data").start()
        slurm = Slurm(work / "slurm")
        sweep = server.launch_sweep(work, SWEEP)
        said = []

        job, run = start_agent(slurm, server, sweep, work / "preempted")
        high = slurm.submit("-p", "high", f"-c{os.cpu_count()}", "--wrap", "exec sleep 1000")
        said.append(taken(server, run, r"CANCELLED AT .* DUE TO PREEMPTION"))
        slurm.ask("scancel", high, job, check=True)
        harness.until(60, "the node is not free", lambda: not slurm.state(high) and not slurm.state(job))

        # A trial that was preempted goes first, to whom it may: here an agent outside Slurm.
        finisher = server.agent(sweep, work / "outside", "--count", "1", program=PROGRAM)
        assert finisher.wait(timeout=60) == 0
        assert [r["attempt"] for r in server.runs(sweep, "&state=finished")] == [2]

        job, run = start_agent(slurm, server, sweep, work / "canceled")
        slurm.ask("scancel", job, check=True)
        said.append(taken(server, run, rf"JOB {job} ON .* CANCELLED AT"))
        harness.until(60, "the node is not free", lambda: not slurm.state(job))
        finisher = server.agent(sweep, work / "outside", "--count", "1", program=PROGRAM)
        assert finisher.wait(timeout=60) == 0

        job, run = start_agent(slurm, server, sweep, work / "limit", "--time=1")
        said.append(taken(server, run, r"CANCELLED AT .* DUE TO TIME LIMIT", seconds=240))
        for words in said:
            print(f"slurm: {words}")
        print("slurm: preempted, cancelled and over the time limit: cause preempted each time, with the scheduler's words")
    return 0


if __name__ == "__main__":
    sys.exit(main())
