// Early termination: what each rung holds, and what it takes to go on there.
import {number, plural, sweepApi} from "./format";
import {useLoad} from "./hooks";
import type {LogEvent, RungTable, Sweep} from "./types";
import {Card, Empty, Fault, Scroller} from "./ui";

const moves = (id: string) => (e: LogEvent) => e.sweep === id && e.type === "run_moved";

export function Rungs({sweep}: {sweep: Sweep}) {
  const {data, error} = useLoad<RungTable>(sweepApi(sweep.id) + "/rungs", moves(sweep.id), 10_000);
  if (!data) return <Fault error={error} />;
  if (!data.rule) return <Card title="Rungs"><Empty>The sweep file has no <code>early_terminate</code>: every run goes on to its end.</Empty></Card>;
  const metric = sweep.metric.name ?? "the metric";
  const better = sweep.metric.goal === "maximize" ? "above" : "below";
  return (
    <Card title="Rungs" tools={<span><b>{number(data.stopped)}</b> {data.stopped === 1 ? "run was" : "runs were"} stopped early</span>}>
      <Fault error={error} />
      <p class="faint">
        Rule {data.rule}: at each rung, counted in {data.resource ?? `values of ${metric}`}, a run goes on whose {metric} is {better} the threshold.
      </p>
      {data.rungs.length === 0 && <Empty>No run has come to a rung yet.</Empty>}
      {data.rungs.length > 0 && (
        <Scroller label="Rungs">
          <table>
            <thead>
              <tr>
                <th scope="col" class="num">Rung</th><th scope="col" class="num">Threshold</th><th scope="col" class="num">Runs that count</th>
                <th scope="col" class="num">Crashed, not counted yet</th><th scope="col" class="num">Judged by it now</th><th scope="col">Decides</th>
              </tr>
            </thead>
            <tbody>
              {data.rungs.map((r) => (
                <tr key={r.rung}>
                  <th scope="row" class="num">{number(r.rung)}</th>
                  <td class="num">{number(r.threshold)}</td>
                  <td class="num">{number(r.runs)}</td>
                  <td class="num">{number(r.provisional)}</td>
                  <td class="num">{number(r.judged)}</td>
                  <td>{r.decides ? "yes" : `not before more than ${plural(r.runs, "run")}`}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroller>
      )}
    </Card>
  );
}
