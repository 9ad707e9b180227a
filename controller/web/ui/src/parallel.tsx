// Parallel coordinates: a line a run, an axis a parameter, the last axis the metric. Brushing an axis with the
// mouse, or typing a range, filters the table of runs.
import {useEffect, useRef} from "preact/hooks";
import {Chart} from "./chart";
import {number, value} from "./format";
import type {Ranges} from "./run_table";
import {colour} from "./theme";
import type {Json, Points, Sweep} from "./types";
import {Card, Empty, Scroller} from "./ui";

/** The server's name for a range of the metric itself. */
export const metricRange = "@metric";
/** The range of an axis. Own properties only: a parameter may be called "constructor". */
export const rangeFor = (ranges: Ranges, a: Axis): Ranges[string] | undefined => (Object.hasOwn(ranges, a.name) ? ranges[a.name] : undefined);

const linesMax = 2000;
const axesMax = 12;

export interface Axis {
  name: string;
  label: string;
  values: Json[];
  words: string[] | null;  // the categories, when it is not numbers
  log: boolean;
}

/** Parameters that vary, then the metric. */
export function axesOf(sweep: Sweep, p: Points): Axis[] {
  const out: Axis[] = [];
  for (const [name, values] of Object.entries(p.config)) {
    const present = values.filter((v) => v !== null);
    const distinct = new Set(present.map((v) => JSON.stringify(v)));
    if (distinct.size < 2 || out.length >= axesMax) continue;
    const numeric = present.every((v) => typeof v === "number");
    const low = numeric ? Math.min(...(present as number[])) : 0;
    const high = numeric ? Math.max(...(present as number[])) : 0;
    const words = numeric ? null : [...new Set(present.map((v) => value(v)))].sort();
    if (words && words.length > 40) continue;
    out.push({name, label: name, values, words, log: numeric && low > 0 && high / low >= 100});
  }
  const metric = p.columns.value;
  if (metric.some((v) => v !== null))
    out.push({name: metricRange, label: sweep.metric.name ?? "metric", values: metric, words: null, log: false});
  return out;
}

/** The rows that lie within every range. */
export function within(axes: Axis[], ranges: Ranges, rows: number): number[] {
  const wanted = axes.filter((a) => rangeFor(ranges, a));
  const out: number[] = [];
  for (let i = 0; i < rows; ++i) {
    const fits = wanted.every((a) => {
      const r = rangeFor(ranges, a);
      const v = a.values[i];
      if (a.words) return (r as string[]).includes(value(v));
      return typeof v === "number" && v >= (r as [number, number])[0] && v <= (r as [number, number])[1];
    });
    if (fits) out.push(i);
  }
  return out;
}

/** What a brush on an axis says, as a range; null: no brush. */
function rangeOf(a: Axis, intervals: [number, number][]): [number, number] | string[] | null {
  if (intervals.length === 0) return null;
  const [from, to] = intervals[0];
  if (!a.words) return [Math.min(from, to), Math.max(from, to)];
  const chosen = a.words.filter((_, i) => i >= Math.min(from, to) - 0.5 && i <= Math.max(from, to) + 0.5);
  return chosen.length ? chosen : ["\u0000"];
}

/** The reverse: a range as intervals of the axis. */
function intervalsOf(a: Axis, range: Ranges[string] | undefined): [number, number][] {
  if (!range) return [];
  if (!a.words) {
    const numbers = a.values.filter((v): v is number => typeof v === "number");
    const [from, to] = range as [number, number];
    return [[Math.max(from, Math.min(...numbers)), Math.min(to, Math.max(...numbers))]];
  }
  const at = (range as string[]).map((w) => a.words!.indexOf(w)).filter((i) => i >= 0);
  return at.map((i) => [i - 0.4, i + 0.4]);
}

function RangeRow({a, range, set}: {a: Axis; range: Ranges[string] | undefined; set: (r: Ranges[string] | null) => void}) {
  if (a.words) {
    const chosen = new Set((range as string[] | undefined) ?? []);
    return (
      <tr>
        <th scope="row">{a.label}</th>
        <td colSpan={2}>
          <div class="chips">
            {a.words.map((w) => (
              <label key={w} class="check">
                <input type="checkbox" checked={chosen.has(w)} onChange={() => {
                  if (!chosen.delete(w)) chosen.add(w);
                  set(chosen.size ? [...chosen] : null);
                }} /> {w}
              </label>
            ))}
          </div>
        </td>
      </tr>
    );
  }
  const [low, high] = (range as [number, number] | undefined) ?? [NaN, NaN];
  const change = (from: string, to: string) => {
    if (from === "" && to === "") set(null);
    else set([from === "" ? -1e308 : Number(from), to === "" ? 1e308 : Number(to)]);
  };
  const text = (n: number) => (Number.isFinite(n) && Math.abs(n) < 1e308 ? String(Number(n.toPrecision(6))) : "");
  return (
    <tr>
      <th scope="row">{a.label}</th>
      <td><input type="number" step="any" aria-label={a.label + " from"} value={text(low)} onChange={(e) => change(e.currentTarget.value, text(high))} /></td>
      <td><input type="number" step="any" aria-label={a.label + " to"} value={text(high)} onChange={(e) => change(text(low), e.currentTarget.value)} /></td>
    </tr>
  );
}

export function Parallel(props: {sweep: Sweep; points: Points; ranges: Ranges; setRanges: (r: Ranges) => void}) {
  const {sweep, points, ranges} = props;
  const axes = axesOf(sweep, points);
  const latest = useRef(props);
  latest.current = props;
  const quiet = useRef(false);
  const drawn = useRef("{}");
  const chart = useRef<import("./charts").Instance | null>(null);
  const brushed = Object.keys(ranges).length > 0;
  useEffect(() => {
    // What the mouse did is drawn already; what was typed or cleared is not.
    if (chart.current && JSON.stringify(ranges) !== drawn.current) redraw(chart.current);
    drawn.current = JSON.stringify(ranges);
  }, [JSON.stringify(ranges)]);
  if (axes.length < 2) return <Card title="Parallel coordinates"><Empty>Drawn once runs with different parameters have logged a value.</Empty></Card>;
  const metric = axes[axes.length - 1];
  const total = points.columns.id.length;
  const step = Math.max(1, Math.ceil(total / linesMax));
  const rows = points.columns.id.flatMap((_, i) => (i % step === 0 || points.columns.id[i] === sweep.best?.run ? [i] : []));
  const option = () => {
    const numbers = metric.values.filter((v): v is number => typeof v === "number");
    const best = sweep.metric.goal === "maximize" ? Math.max(...numbers) : Math.min(...numbers);
    return {
      parallel: {left: 40, right: 70, top: 40, bottom: 24, parallelAxisDefault: {realtime: false, nameLocation: "end", nameGap: 14}},
      parallelAxis: axes.map((a, dim) => ({
        dim,
        name: a.label.length > 16 ? a.label.slice(0, 15) + "…" : a.label,
        type: a.words ? "category" : a.log ? "log" : "value",
        data: a.words ?? undefined,
        scale: true,
        nameTextStyle: {color: colour("text"), fontWeight: "bold"},
        axisLine: {lineStyle: {color: colour("faint")}},
        axisTick: {lineStyle: {color: colour("faint")}},
        axisLabel: {color: colour("text"), formatter: (v: number | string) => (typeof v === "number" ? number(v) : v.slice(0, 14))},
        areaSelectStyle: {width: 18, borderColor: colour("accent"), color: colour("accent"), opacity: 0.35},
      })),
      visualMap: {
        type: "continuous",
        show: false,
        dimension: axes.length - 1,
        min: Math.min(...numbers),
        max: Math.max(...numbers),
        inRange: {color: sweep.metric.goal === "maximize" ? [colour("line"), colour("accent")] : [colour("accent"), colour("line")]},
      },
      series: [{
        type: "parallel",
        lineStyle: {width: 1.4, opacity: rows.length > 500 ? 0.35 : 0.6},
        inactiveOpacity: 0.04,
        activeOpacity: 0.9,
        data: rows.map((i) => ({
          value: axes.map((a) => (a.words ? value(a.values[i]) : a.values[i] ?? "-")),
          lineStyle: metric.values[i] === best ? {width: 3.5, opacity: 1} : undefined,
        })),
        progressive: 500,
      }],
    };
  };
  const ready = (c: import("./charts").Instance) => {
    chart.current = c;
    c.on("axisareaselected", () => {
      if (quiet.current) return;
      const now = latest.current;
      const list = axesOf(now.sweep, now.points);
      const next: Ranges = Object.create(null);
      const model = (c as unknown as {getModel(): {eachComponent(q: object, f: (m: {axis: {dim: string}; activeIntervals: [number, number][]; componentIndex: number}) => void): void}}).getModel();
      model.eachComponent({mainType: "parallelAxis"}, (m) => {
        const a = list[m.componentIndex];
        const range = a && rangeOf(a, m.activeIntervals);
        if (range) next[a.name] = range;
      });
      drawn.current = JSON.stringify(next);
      now.setRanges(next);
    });
  };
  /** Draws the brush that the ranges mean: after each drawing, which forgets it, and when they were typed. */
  const redraw = (c: import("./charts").Instance) => {
    quiet.current = true;
    axes.forEach((a, i) => c.dispatchAction({type: "axisAreaSelect", parallelAxisIndex: i, intervals: intervalsOf(a, rangeFor(latest.current.ranges, a))}));
    quiet.current = false;
  };
  const set = (name: string, r: Ranges[string] | null) => {
    const next: Ranges = Object.assign(Object.create(null), ranges);
    if (r) next[name] = r;
    else delete next[name];
    props.setRanges(next);
  };
  const shown = within(axes, ranges, total).length;
  return (
    <Card
      title="Parallel coordinates"
      tools={
        <>
          {step > 1 && <small>{number(rows.length)} of {number(total)} runs are drawn</small>}
          {brushed && <span><b>{number(shown)}</b> of {number(total)} runs lie within the brush</span>}
          {brushed && <button type="button" class="button" onClick={() => props.setRanges({})}>Clear brush</button>}
        </>
      }
    >
      <small>Drag along an axis to filter the runs below; click the axis to let go.</small>
      <Chart label="Parallel coordinates" size="high" option={option} deps={[points]} onReady={ready} onDrawn={redraw}
        numbers={() => ({columns: ["run", ...axes.map((a) => a.label)], rows: points.columns.id.map((r, i) => [r, ...axes.map((a) => a.values[i])])})} />
      <details>
        <summary>Ranges by keyboard</summary>
        <Scroller label="Ranges by keyboard">
          <table>
            <thead><tr><th scope="col">Axis</th><th scope="col">From</th><th scope="col">To</th></tr></thead>
            <tbody>{axes.map((a) => <RangeRow key={a.name} a={a} range={rangeFor(ranges, a)} set={(r) => set(a.name, r)} />)}</tbody>
          </table>
        </Scroller>
      </details>
    </Card>
  );
}
