// Everything a run logged, a chart each, up to the last point before its end; system metrics apart.
import {useEffect, useRef, useState} from "preact/hooks";
import {get, words} from "./api";
import {Chart, axis, tooltip} from "./chart";
import {number, own} from "./format";
import {useParam} from "./hooks";
import {colour} from "./theme";
import type {Json, Run} from "./types";
import {Card, Empty, Fault} from "./ui";

type Row = {[name: string]: Json};
const pageRows = 1000;
const rowsMax = 20_000;
const chartsMax = 60;
const steps = ["_step", "step", "epoch", "_runtime", "_timestamp"];

/** Pages to read: all of them, or an even choice of them that keeps the first and the last. */
export function pagesOf(total: number): number[] {
  const pages = Math.ceil(total / pageRows);
  const most = rowsMax / pageRows;
  if (pages <= most) return Array.from({length: pages}, (_, i) => i);
  return [...new Set(Array.from({length: most}, (_, i) => Math.round((i * (pages - 1)) / (most - 1))))];
}

/** One of a run's two streams of lines: what it logged, or what the system did meanwhile. */
function useLines(run: Run, stream: "history" | "system", lines: number): {rows: Row[]; sampled: boolean; fault: string; done: boolean} {
  const [rows, setRows] = useState<Row[]>([]);
  const [fault, setFault] = useState("");
  const [done, setDone] = useState(false);
  const have = useRef({lines: 0, busy: false, rows: [] as Row[]});
  const sampled = lines > rowsMax;
  useEffect(() => {
    const h = have.current;
    const read = async () => {
      if (h.busy || h.lines === lines) return setDone(true);
      h.busy = true;
      const base = `/api/v1/runs/${encodeURIComponent(run.id)}/${stream}?limit=${pageRows}&from=`;
      try {
        if (h.lines === 0 || sampled) {
          h.rows = [];
          for (const p of pagesOf(lines)) h.rows.push(...(await get<{items: Row[]}>(base + p * pageRows)).items);
        } else {
          while (h.rows.length < lines) {
            const next = (await get<{items: Row[]}>(base + h.rows.length)).items;
            if (next.length === 0) break;
            h.rows.push(...next);
          }
        }
        h.lines = lines;
        setRows([...h.rows]);
        setFault("");
      } catch (e) {
        setFault(words(e));
      }
      h.busy = false;
      setDone(true);
    };
    void read();
  }, [run.id, lines]);
  return {rows, sampled, fault, done};
}

const besideAxes = ["_runtime", "_timestamp"];
const numericOf = (rows: Row[]) => new Set(rows.flatMap((r) => Object.keys(r).filter((n) => typeof r[n] === "number")));
const isSystem = (name: string) => /^system[./]|^_wandb\.|gpu\.|^cpu/i.test(name);

function MetricChart({name, rows, x, main}: {name: string; rows: Row[]; x: string; main: boolean}) {
  const data = rows.flatMap((r, i) => {
    const v = own(r, name);
    const at = x ? r[x] : i;
    return typeof v === "number" && typeof at === "number" ? [[at, v]] : [];
  });
  const gaps = rows.filter((r) => Object.hasOwn(r, name) && typeof r[name] !== "number").length;
  const last = data.length ? data[data.length - 1][1] : null;
  const option = () => ({
    xAxis: axis("", {type: "value"}),
    yAxis: axis("", {type: "value"}),
    series: [{
      type: "line",
      data,
      showSymbol: data.length < 40,
      symbolSize: 5,
      sampling: "lttb",
      lineStyle: {width: 1.8, color: colour(main ? "accent" : "preempted")},
      itemStyle: {color: colour(main ? "accent" : "preempted")},
    }],
    tooltip: tooltip({
      trigger: "axis",
      formatter: (p: {data: [number, number]}[]) => `${x || "line"} ${number(p[0].data[0])}\n${name}: ${number(p[0].data[1])}`,
    }),
  });
  return (
    <Card title={name} tools={<small>last {number(last)}{gaps ? `; ${gaps} not a number` : ""}</small>}>
      <Chart label={name} size="low" option={option} deps={[rows, x]} numbers={() => ({columns: [x || "line", name], rows: data})} />
    </Card>
  );
}

export function RunCharts({run, metric}: {run: Run; metric: string | null}) {
  const {rows, sampled, fault, done} = useLines(run, "history", run.history_lines);
  const beside = useLines(run, "system", run.system_lines);
  const numeric = numericOf(rows);
  const axes = steps.filter((s) => numeric.has(s));
  const [chosen, setX] = useParam("x", axes[0] ?? "");
  const x = axes.includes(chosen) ? chosen : "";
  const names = [...numeric].filter((n) => !n.startsWith("_") && n !== x).sort((a, b) => Number(b === metric) - Number(a === metric) || a.localeCompare(b));
  const own = names.filter((n) => !isSystem(n));
  const system = names.filter(isSystem);
  const besideNumeric = numericOf(beside.rows);
  const besideX = besideAxes.find((a) => besideNumeric.has(a)) ?? "";
  const besideNames = [...besideNumeric].filter((n) => !n.startsWith("_")).sort();
  return (
    <>
      <Fault error={fault || null} />
      <Fault error={beside.fault || null} />
      {done && beside.done && rows.length === 0 && beside.rows.length === 0 && !fault && <Card title="Charts"><Empty>It has logged nothing.</Empty></Card>}
      {axes.length > 1 && (
        <label class="check">
          Over
          <select value={x} onChange={(e) => setX(e.currentTarget.value)}>{axes.map((a) => <option key={a}>{a}</option>)}</select>
        </label>
      )}
      {sampled && <small>an even sample of {number(rows.length)} of {number(run.history_lines)} lines, the last one among them</small>}
      <div class="columns">{own.slice(0, chartsMax).map((n) => <MetricChart key={n} name={n} rows={rows} x={x} main />)}</div>
      {own.length > chartsMax && <small>{own.length - chartsMax} more metrics are not drawn</small>}
      {system.length + besideNames.length > 0 && <h2>System</h2>}
      <div class="columns">{system.slice(0, chartsMax).map((n) => <MetricChart key={n} name={n} rows={rows} x={x} main={false} />)}</div>
      <div class="columns">{besideNames.slice(0, chartsMax).map((n) => <MetricChart key={n} name={n} rows={beside.rows} x={besideX} main={false} />)}</div>
      {beside.sampled && <small>an even sample of {number(beside.rows.length)} of {number(run.system_lines)} lines of system metrics</small>}
    </>
  );
}
