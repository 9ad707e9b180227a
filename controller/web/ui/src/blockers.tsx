// Why a sweep is not moving: each hold, what it keeps, and the time to its release, ticking.
import {runUrl, sweepApi} from "./format";
import {useLoad} from "./hooks";
import type {Explanation, Sweep} from "./types";
import {A, Card, Empty, Fault, Scroller, State, Until} from "./ui";

const rowsShown = 20;

export function Blockers({sweep}: {sweep: Sweep}) {
  const {data, error} = useLoad<Explanation>(sweepApi(sweep.id) + "/explain", (e) => e.sweep === sweep.id, 10_000);
  if (!data) return <Fault error={error} />;
  const dead = data.holds.filter((h) => h.state === "crashed" || h.state === "preempted").length;
  const over = sweep.state === "finished" || sweep.state === "canceled";
  if (over && data.holds.length === 0) return null;
  return (
    <Card title="What holds it" class="blockers">
      <p>{data.summary}</p>
      {data.notes.map((n) => <p key={n} class="hint">{n}</p>)}
      {data.holds.length === 0 && data.waiting.length === 0 && <Empty>Nothing is held.</Empty>}
      {data.holds.length > 0 && (
        <details open={dead > 0}>
          <summary>{data.holds.length} {data.holds.length === 1 ? "run holds" : "runs hold"} something{dead ? `, ${dead} of them dead` : ""}</summary>
          <Scroller label="Holds">
            <table>
              <thead>
                <tr><th scope="col">State</th><th scope="col">Run</th><th scope="col">Holds</th><th scope="col">Why</th><th scope="col">Released</th></tr>
              </thead>
              <tbody>
                {data.holds.slice(0, rowsShown).map((h) => (
                  <tr key={h.run}>
                    <td><State state={h.state} /></td>
                    <th scope="row"><A class="mono" href={runUrl(sweep.project, h.run)}>{h.run}</A></th>
                    <td>{h.what.join(", ")}</td>
                    <td class="wrap">{h.why}</td>
                    <td class="nowrap">{h.release_at ? <Until at={h.release_at} /> : "when it ends"}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroller>
          {data.holds.length > rowsShown && <small>and {data.holds.length - rowsShown} more</small>}
        </details>
      )}
      {data.waiting.length > 0 && (
        <details>
          <summary>{data.waiting.length} {data.waiting.length === 1 ? "configuration waits" : "configurations wait"} to be handed out again</summary>
          <ul>
            {data.waiting.slice(0, rowsShown).map((w) => (
              <li key={w.trial}>trial {w.trial}: {w.why} {w.ready_at && <Until at={w.ready_at} />}</li>
            ))}
          </ul>
        </details>
      )}
    </Card>
  );
}
