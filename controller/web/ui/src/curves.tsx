// Learning curves of many runs: the best drawn in colour, the others faint, and what most of them do as a band.
import {useEffect, useRef, useState} from "preact/hooks";
import {get, words} from "./api";
import {Chart, axis, tooltip} from "./chart";
import {axes, band, chosenRuns, curveOf, ranges} from "./curve_data";
import type {Curve, Row} from "./curve_data";
import {number, runUrl} from "./format";
import {navigate, useParam} from "./hooks";
import {colour} from "./theme";
import type {Points, Sweep} from "./types";
import {Card, Empty, Fault} from "./ui";

const readAtOnce = 4;
const bestColours = ["accent", "crashed", "preempted", "finished", "failed"];
const bestWidth = 2.2;

async function historyOf(run: string): Promise<Row[]> {
  const base = `/api/v1/runs/${encodeURIComponent(run)}/history`;
  const first = await get<{items: Row[]; total: number}>(`${base}?from=0&limit=50`);
  if (first.total <= first.items.length) return first.items;
  const rows: Row[] = [];
  for (const [from, limit] of ranges(first.total)) rows.push(...(await get<{items: Row[]}>(`${base}?from=${from}&limit=${limit}`)).items);
  return rows;
}

/** The histories of these runs, some at a time; asked again when the choice of runs changes or `again` is called. */
function useHistories(runs: string[]): {rows: Map<string, Row[]>; done: boolean; fault: string; again: () => void} {
  const [rows, setRows] = useState(new Map<string, Row[]>());
  const [done, setDone] = useState(false);
  const [fault, setFault] = useState("");
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let stale = false;
    const found = new Map<string, Row[]>();
    const left = [...runs];
    setDone(false);
    const reader = async () => {
      for (let run = left.shift(); run !== undefined && !stale; run = left.shift()) found.set(run, await historyOf(run));
    };
    Promise.all(Array.from({length: readAtOnce}, reader)).then(
      () => {
        if (stale) return;
        setRows(found);
        setFault("");
        setDone(true);
      },
      (e) => !stale && setFault(words(e)),
    );
    return () => {
      stale = true;
    };
  }, [runs.join(), turn]);
  return {rows, done, fault, again: () => setTurn((n) => n + 1)};
}

export function Curves({sweep, points}: {sweep: Sweep; points: Points}) {
  const {best, all} = chosenRuns(points, sweep.metric.goal);
  const {rows, done, fault, again} = useHistories(all);
  const [chosen, setMetric] = useParam("metric", sweep.metric.name ?? "");
  const names = new Set<string>();
  for (const history of rows.values()) for (const r of history) for (const [n, v] of Object.entries(r)) if (typeof v === "number") names.add(n);
  const metrics = [...names].filter((n) => !n.startsWith("_")).sort();
  const metric = names.has(chosen) ? chosen : metrics[0] ?? "";
  const x = axes.find((a) => names.has(a) && a !== metric) ?? "";
  const state = new Map(points.columns.id.map((id, i) => [id, points.columns.state[i]]));
  const known = useRef(state);
  known.current = state;
  const curves: Curve[] = [...rows].map(([run, history]) => ({run, state: state.get(run) ?? "", points: curveOf(history, metric, x)})).filter((c) => c.points.length > 0);
  const most = band(curves);
  const rank = (c: Curve) => best.indexOf(c.run);
  const line = (c: Curve) => ({
    type: "line",
    name: c.run,
    data: c.points.map((p) => ({value: p, run: c.run, state: c.state})),
    showSymbol: c.points.length < 2,
    symbolSize: 5,
    sampling: "lttb",
    z: rank(c) >= 0 ? 3 : 1,
    lineStyle: rank(c) >= 0 ? {width: bestWidth, color: colour(bestColours[rank(c)])} : {width: 1, color: colour("faint"), opacity: 0.35},
    itemStyle: {color: colour(rank(c) >= 0 ? bestColours[rank(c)] : "faint")},
    triggerLineEvent: true,
  });
  const between = [
    {
      type: "custom",
      name: "10 to 90 %",
      silent: true,
      z: 0,
      clip: true,
      data: [[most[0]?.x, most[0]?.low]],
      renderItem: (_: unknown, api: {coord(v: number[]): number[]}) => ({
        type: "polygon",
        shape: {points: [...most.map((m) => api.coord([m.x, m.high])), ...[...most].reverse().map((m) => api.coord([m.x, m.low]))]},
        style: {fill: colour("accent"), opacity: 0.16},
      }),
    },
    {type: "line", name: "median", symbol: "none", silent: true, z: 4, lineStyle: {type: "dashed", width: 2, color: colour("text")}, data: most.map((m) => [m.x, m.median])},
  ];
  const option = () => ({
    tooltip: tooltip({formatter: (p: {data: {run?: string; state?: string; value: [number, number]}}) => (p.data.run ? `${p.data.run} (${p.data.state})\n${x || "line"} ${number(p.data.value[0])}: ${number(p.data.value[1])}` : "")}),
    grid: {left: 12, right: 16, top: 28, bottom: 26, containLabel: true},
    xAxis: axis(x || "line", {type: "value", nameLocation: "middle", nameGap: 26}),
    yAxis: axis(metric, {type: "value"}),
    series: [...(most.length ? between : []), ...curves.map(line)],
  });
  return (
    <Card
      title="Learning curves"
      tools={
        <>
          {metrics.length > 1 && (
            <label class="check">
              Metric
              <select value={metric} onChange={(e) => setMetric(e.currentTarget.value)}>{metrics.map((m) => <option key={m}>{m}</option>)}</select>
            </label>
          )}
          <button type="button" class="button" disabled={!done} onClick={again}>Read again</button>
        </>
      }
    >
      <Fault error={fault || null} />
      {!done && rows.size === 0 && !fault && <p aria-busy="true" class="empty">Reading the histories of {number(all.length)} runs…</p>}
      {done && curves.length === 0 && <Empty>No run has logged a number yet.</Empty>}
      {curves.length > 0 && (
        <>
          <p class="faint">
            {curves.length < points.total ? `${number(curves.length)} of ${number(points.total)} runs: the best, those that run now, and an even choice of the others. ` : ""}
            In colour: {curves.filter((c) => rank(c) >= 0).sort((a, b) => rank(a) - rank(b)).map((c, i) => (
              <span key={c.run}>{i ? ", " : ""}<svg width="18" height="8" aria-hidden="true"><path d="M0 4h18" stroke-width="3" stroke={`var(--${bestColours[rank(c)]})`} /></svg> <a class="mono" href={runUrl(sweep.project, c.run)} onClick={(e) => { e.preventDefault(); navigate(runUrl(sweep.project, c.run)); }}>{c.run}</a> ({rank(c) + 1})</span>
            ))}.
            {most.length > 0 && " Dashed: the median of those drawn; shaded: where 80 % of them lie."}
          </p>
          <Chart label="Learning curves" size="high" option={option} deps={[rows, metric, x]}
            numbers={() => ({columns: ["run", "state", x || "line", metric], rows: curves.flatMap((c) => c.points.map((p) => [c.run, c.state, p[0], p[1]]))})}
            onReady={(c) => c.on("click", (e) => {
              const run = (e.data as {run?: string})?.run ?? e.seriesName ?? "";
              if (known.current.has(run)) navigate(runUrl(sweep.project, run));
            })} />
        </>
      )}
    </Card>
  );
}
