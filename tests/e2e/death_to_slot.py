#!/usr/bin/env python3
"""How long a death blocks its slot, measured as a user feels it: one slot (max_concurrent_runs: 1), and the
next trial starts elsewhere. A process killed under a live agent: at once. A whole host gone: when its silence
reaches crash_after; fail_after governs the rest of what the run holds. Usage: death_to_slot.py SWEEPD"""

import os
import signal
import time

import harness

CRASH_AFTER, FAIL_AFTER, EXIT_GRACE, MARGIN = 6, 8, 5, 10

SWEEP = f"""
program: train.sh
command: [/bin/sh, "${{program}}"]
method: grid
name: death-to-slot
max_concurrent_runs: 1
parameters: {{x: {{min: 1, max: 3}}}}
crash_policy:
  suspect_after: 3s
  crash_after: {CRASH_AFTER}s
  fail_after: {FAIL_AFTER}s
  start_grace: 1s
  exit_grace: {EXIT_GRACE}s
  rules: [{{when: {{cause: [agent_lost]}}, do: requeue}}, {{when: {{}}, do: fail}}]
  backoff: {{initial: 100ms, jitter: 0%}}
"""
# Trial 1 and 2 never end by themselves.
PROGRAM = """
echo "$SWEEPD_TRIAL $SWEEPD_ATTEMPT $$" >> "$STARTS"
[ "$SWEEPD_TRIAL $SWEEPD_ATTEMPT" = "1 1" ] && exec sleep 1000
[ "$SWEEPD_TRIAL $SWEEPD_ATTEMPT" = "2 1" ] && exec sleep 1000
exit 0
"""


def main():
    with harness.folder() as work:
        starts = work / "starts"
        starts.touch()
        server = harness.Server(work / "data").start()
        sweep = server.launch_sweep(work, SWEEP)

        def started(trial, attempt):
            """The pid, once that attempt's program runs."""
            for line in starts.read_text().splitlines():
                t, a, pid = map(int, line.split())
                if (t, a) == (trial, attempt):
                    return pid
            return None

        def agent(name):
            return server.agent(sweep, work / name, "--name", name, program=PROGRAM, STARTS=str(starts))

        def run_of(trial, attempt):
            return next(r for r in server.runs(sweep) if (r["trial"], r["attempt"]) == (trial, attempt))

        def is_running(trial):
            return any(r["trial"] == trial and r["state"] == "running" for r in server.runs(sweep))

        # A process killed under a live agent. The slot's next user is another agent that waits.
        first = agent("first")
        pid = harness.until(30, "trial 1 does not start", lambda: started(1, 1))
        harness.until(30, "trial 1 is not running", lambda: is_running(1))
        second = agent("second")
        time.sleep(1)  # it asks, and has to wait
        assert not started(2, 1), "the slot was free before the death"
        os.kill(pid, signal.SIGKILL)
        died = time.monotonic()
        harness.until(EXIT_GRACE + MARGIN, "the slot of the killed process is not free", lambda: started(2, 1), every=0.01)
        process_slot = time.monotonic() - died
        run = run_of(1, 1)
        assert (run["state"], run["cause"]) == ("failed", "signal"), run

        # A whole host gone: the agent that has trial 2, and its program.
        holder = run_of(2, 1)["agent"]
        names = {a["id"]: a["name"] for a in server.get(f"/api/v1/agents?sweep={sweep}")["items"]}
        gone, stays = (first, second) if names[holder] == "first" else (second, first)
        harness.until(30, "trial 2 is not running", lambda: is_running(2))
        gone.send_signal(signal.SIGKILL)
        try:
            os.kill(started(2, 1), signal.SIGKILL)
        except ProcessLookupError:
            pass  # it dies with its agent
        died = time.monotonic()
        harness.until(CRASH_AFTER + MARGIN, "the slot of the lost host is not free", lambda: started(3, 1), every=0.01)
        host_slot = time.monotonic() - died
        assert host_slot > CRASH_AFTER / 2, f"the slot was free after {host_slot:.1f} s of silence: too early"
        crashed = server.moves("crashed", sweep=sweep)[-1]
        assert crashed["body"]["cause"] == "agent_lost", crashed
        said = [e["source"] for e in crashed["body"]["why"]]
        assert said == ["run stream", "agent heartbeat"], crashed["body"]["why"]

        # The rest (its cell) is held until fail_after; then the rule requeues it.
        assert run_of(2, 1)["state"] == "crashed"
        holds = server.get(f"/api/v1/sweeps/{sweep}/explain")
        assert run_of(2, 1)["id"] in str(holds), holds
        harness.until(FAIL_AFTER + MARGIN, "trial 2 is not handed out again", lambda: started(2, 2), every=0.01)
        rest = time.monotonic() - died
        failed = server.moves("failed", run=run_of(2, 1)["id"])[-1]
        held = (failed["at_ms"] - crashed["at_ms"]) / 1000 if "at_ms" in failed else rest - host_slot
        assert FAIL_AFTER - 1 < held < FAIL_AFTER + 5, f"crashed for {held:.1f} s before it failed"
        assert stays.wait(timeout=60) == 0
        print(f"death_to_slot: process killed: slot free after {process_slot:.2f} s (limit {EXIT_GRACE + MARGIN}); host gone: "
              f"slot free after {host_slot:.1f} s (crash_after {CRASH_AFTER} s, limit {CRASH_AFTER + MARGIN}), its cell after {rest:.1f} s")


if __name__ == "__main__":
    main()
