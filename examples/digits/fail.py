"""Fails on purpose, in each of the ways in which real runs crash. See failures.yaml.

  oom        allocates beyond a real memory limit (RLIMIT_AS)
  exception  an uncaught exception, with its traceback in output.log
  scheduler  TERM after the words that Slurm writes when it preempts a job
  network    its agent is frozen for a while: from the server, the host is cut off; then all is well
  kill9      SIGKILL, as the kernel or an operator sends it
  exit       an exit code of its own
  none       ends well
"""

import argparse
import os
import pathlib
import resource
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import sweepd_report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--how", default="none")
    parser.add_argument("--cut_seconds", type=int, default=40)
    args = parser.parse_args()
    sweepd_report.log(step=1, loss=1.0)
    print(f"about to fail: {args.how}", flush=True)

    if args.how == "oom":
        resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))
        hoard = [bytearray(64 << 20) for _ in range(64)]
        print(len(hoard))
    elif args.how == "exception":
        raise ValueError("the loss is not a number")
    elif args.how == "scheduler":
        print("slurmstepd: error: *** JOB 4711 ON node7 CANCELLED AT 2026-01-01T00:00:00 "
              "DUE TO PREEMPTION ***", flush=True)
        os.kill(os.getpid(), signal.SIGTERM)
    elif args.how == "network":
        agent = os.getppid()
        # A process of its own, outside our group, thaws the agent again.
        subprocess.Popen(["sh", "-c", f"sleep {args.cut_seconds}; kill -CONT {agent}"],
                         start_new_session=True, stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.kill(agent, signal.SIGSTOP)
        for step in range(2, args.cut_seconds + 10):
            sweepd_report.log(step=step, loss=1.0 / step)
            time.sleep(1)
    elif args.how == "kill9":
        os.kill(os.getpid(), signal.SIGKILL)
    elif args.how == "exit":
        sys.exit(65)
    sweepd_report.log(step=100, loss=0.5)


if __name__ == "__main__":
    main()
