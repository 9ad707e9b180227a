// Who works: each agent, whether it is heard, what it runs, how its runs end, and whether it is in quarantine.
import {useEffect} from "preact/hooks";
import {post, query, words} from "./api";
import {number, runUrl, sweepName, sweepUrl} from "./format";
import {useLoad, useParam} from "./hooks";
import {notify} from "./notice";
import {useOperator} from "./session";
import type {Agent, List, Sweep} from "./types";
import {A, Card, Empty, Fault, Scroller, Since, State, Until} from "./ui";

export function Agents() {
  const operator = useOperator();
  const [state, setState] = useParam("state");
  const [cursor, setCursor] = useParam("after");
  const path = query("/api/v1/agents", {state, cursor, limit: 100});
  const {data, error, stale, reload} = useLoad<List<Agent>>(path, (e) => e.agent !== null || e.type.startsWith("agent"), 5000);
  const {data: sweeps} = useLoad<List<Sweep>>("/api/v1/sweeps?limit=1000", (e) => e.type === "sweep_created");
  const byId = new Map(sweeps?.items.map((s) => [s.id, s]));
  useEffect(() => {
    document.title = "Agents · sweepd";
  }, []);
  const release = async (a: Agent) => {
    try {
      await post(`/api/v1/agents/${a.id}/release`, {reason: "released on the page"});
      notify(`${a.name} may take runs again`);
      reload();
    } catch (e) {
      notify(words(e), {bad: true});
    }
  };
  return (
    <>
      <div class="heading">
        <h1>Agents</h1>
        <div class="tools">
          <label class="check">
            State
            <select value={state} onChange={(e) => setState(e.currentTarget.value)}>
              <option value="">all</option><option>live</option><option>lost</option><option>left</option>
            </select>
          </label>
        </div>
      </div>
      <Fault error={error} />
      <Card>
        {data && data.items.length === 0 && <Empty>{state ? "No agent matches." : <>No agent has joined yet. One is started with: <code>sweepd agent SWEEP</code></>}</Empty>}
        {data && data.items.length > 0 && (
          <Scroller label="Agents" busy={stale}>
            <table>
              <thead>
                <tr>
                  <th scope="col">State</th><th scope="col">Agent</th><th scope="col">Sweep</th><th scope="col">Last heard</th><th scope="col">Runs now</th>
                  <th scope="col" class="num">Succeeded</th><th scope="col" class="num">Died</th><th scope="col">Quarantine</th>
                </tr>
              </thead>
              <tbody>
                {data.items.map((a) => {
                  const s = byId.get(a.sweep);
                  return (
                    <tr key={a.id}>
                      <td><State state={a.state} /></td>
                      <th scope="row">{a.name}<br /><small>{a.host}{a.pid ? ` · pid ${a.pid}` : ""}</small></th>
                      <td>{s ? <A href={sweepUrl(s)}>{sweepName(s)}</A> : <span class="mono">{a.sweep}</span>}</td>
                      <td class="nowrap"><Since at={a.last_beat} /></td>
                      <td class="mono">{a.runs.length === 0 ? "–" : a.runs.slice(0, 4).map((r) => <span key={r}>{s ? <A href={runUrl(s.project, r)}>{r}</A> : r}{" "}</span>)}{a.runs.length > 4 && `and ${a.runs.length - 4} more`}</td>
                      <td class="num">{number(a.successes)}</td>
                      <td class="num">{number(a.deaths)}{a.deaths_in_a_row > 1 && <><br /><small>{a.deaths_in_a_row} in a row</small></>}</td>
                      <td class="wrap">
                        {a.quarantined ? (
                          <>
                            {a.quarantined.why}; over <Until at={a.quarantined.until} />{" "}
                            {operator && <button type="button" class="button" onClick={() => release(a)}>End it</button>}
                          </>
                        ) : <span class="faint">–</span>}
                      </td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </Scroller>
        )}
        {(data?.next || cursor) && (
          <div class="row">
            {cursor && <button type="button" class="button" onClick={() => setCursor("")}>Newest</button>}
            {data?.next && <button type="button" class="button" onClick={() => setCursor(data.next!)}>Older</button>}
          </div>
        )}
      </Card>
    </>
  );
}
