// Every run's value in the order of creation, and the best so far.
import {useState} from "preact/hooks";
import {Chart, axis, tooltip} from "./chart";
import {number, runUrl} from "./format";
import {navigate} from "./hooks";
import {colour} from "./theme";
import type {Points, RunState, Sweep} from "./types";
import {Card, Empty} from "./ui";

/** A mark of its own for each state, beside its colour. */
const marks: Partial<Record<RunState, string>> = {
  finished: "circle", running: "triangle", crashed: "diamond", failed: "rect", killed: "pin", preempted: "arrow",
};

export function bestSoFar(p: Points, goal: Sweep["metric"]["goal"]): (number | null)[] {
  let best: number | null = null;
  return p.columns.value.map((v) => {
    if (v !== null && (best === null || (goal === "maximize" ? v > best : v < best))) best = v;
    return best;
  });
}

export function BestChart({sweep, points}: {sweep: Sweep; points: Points}) {
  const [log, setLog] = useState(false);
  const {id, state, value} = points.columns;
  const best = bestSoFar(points, sweep.metric.goal);
  const metric = sweep.metric.name ?? "metric";
  if (!value.some((v) => v !== null))
    return <Card title="Best so far"><Empty>No run has logged {metric} yet.</Empty></Card>;
  const option = () => {
    const states = [...new Set(state)];
    const dots = states.map((s) => ({
      type: "scatter",
      name: s,
      symbol: marks[s] ?? "emptyCircle",
      symbolSize: value.length > 2000 ? 4 : 8,
      itemStyle: {color: colour(s), opacity: 0.85},
      data: value.flatMap((v, i) => (v !== null && state[i] === s ? [{value: [i + 1, v], run: id[i], state: s}] : [])),
    }));
    return {
      tooltip: tooltip({
        formatter: (p: {data: {run?: string; state?: string; value: [number, number]}}) =>
          p.data.run ? `${p.data.run} (${p.data.state})\n${metric}: ${number(p.data.value[1])}` : "",
      }),
      xAxis: axis("", {type: "value", min: 1, minInterval: 1}),
      yAxis: axis(metric, {type: log ? "log" : "value"}),
      series: [
        {
          type: "line", step: "end", symbol: "none", silent: true, name: "best so far",
          lineStyle: {color: colour("accent"), width: 2},
          data: best.flatMap((v, i) => (v === null ? [] : [[i + 1, v]])),
        },
        ...dots,
      ],
    };
  };
  const numbers = () => ({
    columns: ["run", "state", metric, "best so far"],
    rows: id.map((r, i) => [r, state[i], value[i], best[i]]),
  });
  const canLog = value.every((v) => v === null || v > 0);
  return (
    <Card
      title="Best so far"
      tools={canLog && (
        <label class="check"><input type="checkbox" checked={log} onChange={(e) => setLog(e.currentTarget.checked)} /> log scale</label>
      )}
    >
      <Chart label="Best so far" option={option} numbers={numbers} deps={[points, log]}
        onReady={(c) => c.on("click", (e) => {
          const run = (e.data as {run?: string})?.run;
          if (run) navigate(runUrl(sweep.project, run));
        })}
      />
    </Card>
  );
}
