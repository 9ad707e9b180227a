#!/usr/bin/env python3
"""A grid of 1,000 cells under 16 agents, a fifth of all attempts killed with -9: exactly 1,000 trials, each
with one finished run, and every repeat explained by an event. Usage: grid_thousand.py SWEEPD"""

import collections
import time

import harness

AGENTS, A, B, C = 16, 10, 10, 10
CELLS = A * B * C

SWEEP = f"""
program: train.sh
command: [/bin/sh, "${{program}}", "${{args}}"]
method: grid
name: grid-thousand
metric: {{name: loss, goal: minimize}}
parameters: {{a: {{min: 1, max: {A}}}, b: {{min: 1, max: {B}}}, c: {{min: 1, max: {C}}}}}
crash_policy:
  rules: [{{when: {{cause: [signal]}}, do: requeue}}, {{when: {{}}, do: fail}}]
  budget: {{per_trial: 20, per_sweep: 100%}}
  backoff: {{initial: 100ms, factor: 1, jitter: 0%}}
  breaker: {{consecutive: 0, ratio: off, agent_consecutive: 0}}
"""
# Which attempts die is arithmetic, so that the test knows it too.
PROGRAM = """
echo "$SWEEPD_RUN_ID" >> "$EXECUTIONS"
echo '{"loss": 0.5}' >> "$SWEEPD_METRICS_FILE"
[ $(( (SWEEPD_TRIAL * 7919 * (SWEEPD_ATTEMPT * SWEEPD_ATTEMPT + 3) + SWEEPD_ATTEMPT * 104729) % 1013 % 5 )) = 0 ] && kill -9 $$
exit 0
"""


def dies(trial, attempt):
    return (trial * 7919 * (attempt * attempt + 3) + attempt * 104729) % 1013 % 5 == 0


def main():
    with harness.folder() as work:
        executions = work / "executions"
        executions.touch()
        server = harness.Server(work / "data").start()
        sweep = server.launch_sweep(work, SWEEP)
        began = time.monotonic()
        agents = [server.agent(sweep, work / f"agent{n}", program=PROGRAM, EXECUTIONS=str(executions))
                  for n in range(AGENTS)]
        harness.until(420, "the sweep does not end", lambda: server.get(f"/api/v1/sweeps/{sweep}")["state"] == "finished",
                      every=0.5)
        took = time.monotonic() - began
        for a in agents:
            assert a.wait(timeout=60) == 0, f"an agent ended with {a.returncode}"
        runs = server.runs(sweep)
        requeued = server.events(sweep=sweep, type="trial_requeued")
        check(server, runs, requeued, executions.read_text().split())
        print(f"grid_thousand: {CELLS} cells, {AGENTS} agents, {len(runs)} runs of which {len(requeued)} were killed and "
              f"requeued, {took:.0f} s: {CELLS} trials, every repeat explained")


def check(server, runs, requeued, executed):
    attempts = collections.defaultdict(dict)
    for r in runs:
        assert r["attempt"] not in attempts[r["trial"]], f"trial {r['trial']} has attempt {r['attempt']} twice"
        attempts[r["trial"]][r["attempt"]] = r
    assert len(attempts) == CELLS, f"{len(attempts)} trials for {CELLS} cells"
    cells = {tuple(by[1]["config"][k]["value"] for k in "abc") for by in attempts.values()}
    assert len(cells) == CELLS, "a cell was offered as two trials"

    explained = {e["body"]["after_run"]: e for e in requeued}
    assert len(explained) == len(requeued), "a run was requeued twice"
    for trial, by in attempts.items():
        deaths = 0
        while dies(trial, deaths + 1):
            deaths += 1
        assert sorted(by) == list(range(1, deaths + 2)), f"trial {trial}: attempts {sorted(by)}, {deaths} deaths"
        for n, r in by.items():
            if n == deaths + 1:
                assert r["state"] == "finished", f"run {r['id']} of trial {trial} is {r['state']}"
                assert r["history_lines"] == 1
                continue
            assert (r["state"], r["cause"], r["signal"]) == ("failed", "signal", 9), f"run {r['id']}: {r['state']}, {r['cause']}"
            why = explained.get(r["id"])
            assert why and why["body"]["trial"] == trial, f"the repeat of trial {trial} has no event"
            assert why["actor"]["what"] == "policy" and why["body"]["cause"] == "signal", why
            assert by[n + 1]["config"] == r["config"], f"trial {trial} changed its configuration"
    assert len(runs) == CELLS + len(requeued), f"{len(runs)} attempts, {CELLS} trials, {len(requeued)} retries"
    assert sorted(executed) == sorted(r["id"] for r in runs), "a run was executed twice, or not at all"
    killed = len(requeued) / len(runs)
    assert 0.15 < killed < 0.25, f"{killed:.0%} of the attempts were killed: the test is no test"
    assert server.get("/api/v1/events/verify")["ok"], "the event chain is broken"


if __name__ == "__main__":
    main()
