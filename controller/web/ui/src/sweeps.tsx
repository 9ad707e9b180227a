// The list of sweeps: state, progress, live counts, the best so far, what blocks.
import {useEffect} from "preact/hooks";
import {query} from "./api";
import {expected, number, ownRuns, plural, sweepName, sweepUrl} from "./format";
import {useLoad, useParam} from "./hooks";
import {announce} from "./notice";
import {useOperator} from "./session";
import type {List, RunState, Status, Sweep} from "./types";
import {A, Card, Empty, Fault, Progress, Scroller, Since, State} from "./ui";

const shown: RunState[] = ["running", "pending", "crashed", "failed"];

/** Why it stands still, as far as the list knows; the sweep's own page knows it exactly. */
function blocked(s: Sweep): string {
  if (s.paused_reason === "breaker") return "breaker: " + (s.paused_text ?? "too many runs died");
  if (s.state !== "running" && s.state !== "pending") return "";
  const held = s.runs.crashed + s.runs.preempted;
  if (held > 0) return `${plural(held, "dead run")} ${held === 1 ? "holds its" : "hold their"} configuration`;
  if (s.max_concurrent_runs !== null && s.slots_used >= s.max_concurrent_runs)
    return `all ${s.max_concurrent_runs} places are taken`;
  if (s.agents === 0 && s.method !== ownRuns) return "no agent has joined";
  return "";
}

function Row({s}: {s: Sweep}) {
  const why = blocked(s);
  const live = shown.filter((x) => s.runs[x] > 0);
  return (
    <tr>
      <td><State state={s.state} /></td>
      <th scope="row">
        <A href={sweepUrl(s)}>{sweepName(s)}</A>
        <br />
        <small>{s.project} · <span class="mono">{s.id}</span> · {s.method}</small>
      </th>
      <td><Progress done={s.trials.done} of={expected(s)} label={`Progress of ${sweepName(s)}`} /></td>
      <td>
        <div class="chips">
          {live.map((x) => <State key={x} state={x} count={s.runs[x]} />)}
          {live.length === 0 && <span class="faint">none</span>}
        </div>
      </td>
      <td class="num">
        {s.best ? <b>{number(s.best.value)}</b> : "–"}
        {s.metric.name && <><br /><small>{s.metric.name}</small></>}
      </td>
      <td class="wrap">{why || <span class="faint">–</span>}</td>
      <td class="nowrap"><Since at={s.created} /></td>
    </tr>
  );
}

function Tiles() {
  const {data} = useLoad<Status>("/api/v1/status", () => true, 15_000);
  if (!data?.runs) return null;
  return (
    <dl class="tiles">
      <div><dt>Agents alive</dt><dd><b>{number(data.agents ?? 0)}</b></dd></div>
      <div><dt>Runs running</dt><dd><b>{number(data.runs.running)}</b></dd></div>
      <div><dt>Crashed now</dt><dd><b>{number(data.runs.crashed)}</b></dd></div>
      <div><dt>Finished</dt><dd><b>{number(data.runs.finished)}</b></dd></div>
      {data.grace_why && <div><dt>Nothing crashes yet</dt><dd>{data.grace_why}</dd></div>}
      {data.mass_silence?.active && <div><dt>Marking is held</dt><dd>many runs fell silent together</dd></div>}
    </dl>
  );
}

export function Sweeps({project}: {project: string}) {
  const operator = useOperator();
  const [state, setState] = useParam("state");
  const [cursor, setCursor] = useParam("after");
  const path = query("/api/v1/sweeps", {project, state, cursor, limit: 50});
  const {data, error, stale} = useLoad<List<Sweep>>(path, (e) => e.type !== "run_health_changed");
  useEffect(() => {
    document.title = (project || "Sweeps") + " · sweepd";
  }, [project]);
  const running = data?.items.reduce((n, s) => n + s.runs.running, 0);
  useEffect(() => {
    if (running !== undefined) announce(`${plural(running, "run")} running`);
  }, [running]);
  return (
    <>
      <div class="heading">
        <div>
          {project && <div class="crumbs"><A href="/">All sweeps</A></div>}
          <h1>{project || "Sweeps"}</h1>
        </div>
        <div class="tools">
          <label class="check">
            State
            <select value={state} onChange={(e) => setState(e.currentTarget.value)}>
              <option value="">all</option>
              {["pending", "running", "paused", "finished", "canceled"].map((s) => <option key={s}>{s}</option>)}
            </select>
          </label>
          {operator && <A class="button primary" href="/new">New sweep</A>}
        </div>
      </div>
      {!project && <Card><Tiles /></Card>}
      <Fault error={error} />
      <Card>
        {data && data.items.length === 0 && (
          <Empty>
            {state || project ? "No sweep matches." : "No sweeps yet."}{" "}
            {operator ? "Paste a sweep file under “New sweep”, or run: " : "One is launched with: "}
            <code>sweepd launch sweep.yaml</code>
          </Empty>
        )}
        {data && data.items.length > 0 && (
          <Scroller label="Sweeps" busy={stale}>
            <table>
              <caption class="visually-hidden">Sweeps, newest first</caption>
              <thead>
                <tr>
                  <th scope="col">State</th><th scope="col">Sweep</th><th scope="col">Done</th><th scope="col">Runs now</th>
                  <th scope="col" class="num">Best</th><th scope="col">What blocks</th><th scope="col">Created</th>
                </tr>
              </thead>
              <tbody>{data.items.map((s) => <Row key={s.id} s={s} />)}</tbody>
            </table>
          </Scroller>
        )}
        {(data?.next || cursor) && (
          <div class="row">
            {cursor && <button type="button" class="button" onClick={() => setCursor("")}>Newest</button>}
            {data?.next && <button type="button" class="button" onClick={() => setCursor(data.next!)}>Older</button>}
            <small>{plural(data?.total ?? 0, "sweep")} in all</small>
          </div>
        )}
      </Card>
    </>
  );
}
