// The crash policy of every sweep: which mode, which version; a click opens it.
import {useEffect} from "preact/hooks";
import {useLoad} from "./hooks";
import {number, sweepName, sweepUrl, title} from "./format";
import type {List, Sweep} from "./types";
import {A, Card, Empty, Fault, Scroller, State} from "./ui";

export function Policies() {
  const {data, error} = useLoad<List<Sweep>>("/api/v1/sweeps?limit=200", (e) => e.type !== "run_health_changed");
  useEffect(() => {
    document.title = "Policies · sweepd";
  }, []);
  return (
    <>
      <h1>Crash policies</h1>
      <p class="faint">Each sweep has its own: what happens to runs that die, and when. The server's default is given in its configuration (<code>crash_policy:</code>).</p>
      <Fault error={error} />
      <Card>
        {data && data.items.length === 0 && <Empty>No sweeps yet.</Empty>}
        {data && data.items.length > 0 && (
          <Scroller label="Policies">
            <table>
              <thead>
                <tr><th scope="col">Sweep</th><th scope="col">State</th><th scope="col">Mode</th><th scope="col" class="num">Version</th><th scope="col" class="num">Crashed now</th><th scope="col" class="num">Failed</th><th scope="col"><span class="visually-hidden">Open</span></th></tr>
              </thead>
              <tbody>
                {data.items.map((s) => (
                  <tr key={s.id}>
                    <th scope="row"><A href={sweepUrl(s)}>{sweepName(s)}</A><br /><small>{s.project}</small></th>
                    <td><State state={s.state} /></td>
                    <td>{title(s.policy.mode)}</td>
                    <td class="num">{s.policy.version}</td>
                    <td class="num">{number(s.runs.crashed)}</td>
                    <td class="num">{number(s.runs.failed)}</td>
                    <td><A class="button" href={sweepUrl(s) + "?tab=policy"} aria-label={"Policy of " + sweepName(s)}>Open policy</A></td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroller>
        )}
      </Card>
    </>
  );
}
