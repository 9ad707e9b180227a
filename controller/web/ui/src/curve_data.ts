// Learning curves as numbers: which runs are drawn, their lines on one axis, and what most of them do.
import {own} from "./format";
import type {Json, Points} from "./types";

export type Row = {[name: string]: Json};
export interface Curve {
  run: string;
  state: string;
  points: [number, number][];
}

export const curvesMax = 40;
const linesWhole = 1000;
const slices = 8;
const sliceLines = 50;
const gridSteps = 60;
/** What may be the axis, the best first. */
export const axes = ["_step", "step", "epoch", "_runtime", "_timestamp"];

/** Ranges [from, limit) to read: all lines, or slices all over a long history, the last line among them. */
export function ranges(lines: number): [number, number][] {
  if (lines <= linesWhole) return lines > 0 ? [[0, linesWhole]] : [];
  return Array.from({length: slices}, (_, i) => [Math.round((i * (lines - sliceLines)) / (slices - 1)), sliceLines]);
}

/** The runs to draw: the best ones by value, those that run now, and an even choice of the others. */
export function chosenRuns(p: Points, goal: "minimize" | "maximize", most = curvesMax): {best: string[]; all: string[]} {
  const c = p.columns;
  const order = c.id.map((_, i) => i);
  const valued = order.filter((i) => c.value[i] !== null).sort((a, b) => (goal === "maximize" ? c.value[b]! - c.value[a]! : c.value[a]! - c.value[b]!));
  const best = valued.slice(0, 5);
  const live = order.filter((i) => c.state[i] === "running").slice(-10);
  const picked = new Set([...best, ...live]);
  const others = order.filter((i) => !picked.has(i) && c.started[i] !== null);
  const room = Math.min(most - picked.size, others.length);
  for (let k = 0; k < room; ++k) picked.add(others[Math.floor((k * others.length) / room)]);
  return {best: best.map((i) => c.id[i]), all: [...picked].sort((a, b) => a - b).map((i) => c.id[i])};
}

export function curveOf(rows: Row[], metric: string, x: string): [number, number][] {
  return rows.flatMap((r, i) => {
    const v = own(r, metric);
    const at = x ? own(r, x) : i;
    return typeof v === "number" && typeof at === "number" ? [[at, v] as [number, number]] : [];
  });
}

const quantile = (sorted: number[], q: number) => {
  const at = q * (sorted.length - 1);
  const low = Math.floor(at);
  return sorted[low] + (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]) * (at - low);
};

/** A curve's value at x, between its points on a straight line; null outside of it. */
export function valueAt(points: [number, number][], x: number): number | null {
  const last = points.length - 1;
  if (last < 0 || x < points[0][0] || x > points[last][0]) return null;
  let i = 0;
  while (i < last && points[i + 1][0] < x) ++i;
  const [a, b] = [points[i], points[Math.min(i + 1, last)]];
  return b[0] > a[0] ? a[1] + ((b[1] - a[1]) * (x - a[0])) / (b[0] - a[0]) : b[1];
}

/** Median and the 10–90 % band over the runs that come that far. */
export function band(curves: Curve[]): {x: number; low: number; median: number; high: number}[] {
  const ends = curves.flatMap((c) => (c.points.length ? [c.points[0][0], c.points[c.points.length - 1][0]] : []));
  if (curves.length < 5 || ends.length === 0) return [];
  const from = Math.min(...ends);
  const to = Math.max(...ends);
  const out: {x: number; low: number; median: number; high: number}[] = [];
  for (let k = 0; k < gridSteps; ++k) {
    const x = from + (k * (to - from)) / (gridSteps - 1);
    const values = curves.map((c) => valueAt(c.points, x)).filter((v): v is number => v !== null);
    if (values.length < 3) continue;
    values.sort((a, b) => a - b);
    out.push({x, low: quantile(values, 0.1), median: quantile(values, 0.5), high: quantile(values, 0.9)});
  }
  return out;
}
