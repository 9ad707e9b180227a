// How much each parameter explains of the metric: a forest of randomised regression trees (Geurts, Ernst and
// Wehenkel 2006: a random cut a feature, the best of them taken) and the share of variance that cuts on a
// parameter remove (Breiman et al. 1984, section 5.3.4). The spread over trees, each grown on a bootstrap
// sample, is the uncertainty. Beside it Spearman's rank correlation, which has a sign.
import {value} from "./format";
import type {Json} from "./types";

export interface Importance {
  name: string;
  share: number;
  spread: number;
  /** Spearman's; null for what is no number */
  correlation: number | null;
}

const trees = 64;
const depthMax = 10;
const leafMin = 3;
const rowsMax = 1500;

/** Mulberry32: small, seeded, good enough to choose cuts. */
function generator(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function spreadSum(rows: number[], y: number[]): number {
  let sum = 0;
  let squares = 0;
  for (const r of rows) {
    sum += y[r];
    squares += y[r] * y[r];
  }
  return Math.max(0, squares - (sum * sum) / rows.length);
}

/** Adds what each feature's cuts removed, in one tree. */
function grow(rows: number[], x: number[][], y: number[], random: () => number, gained: number[], depth: number) {
  if (depth >= depthMax || rows.length < 2 * leafMin) return;
  const whole = spreadSum(rows, y);
  if (whole <= 0) return;
  let best = {gain: 0, feature: -1, left: [] as number[], right: [] as number[]};
  for (let f = 0; f < x.length; ++f) {
    const at = x[f][rows[Math.floor(random() * rows.length)]];
    const left: number[] = [];
    const right: number[] = [];
    for (const r of rows) (x[f][r] <= at ? left : right).push(r);
    if (left.length < leafMin || right.length < leafMin) continue;
    const gain = whole - spreadSum(left, y) - spreadSum(right, y);
    if (gain > best.gain) best = {gain, feature: f, left, right};
  }
  if (best.feature < 0) return;
  gained[best.feature] += best.gain;
  grow(best.left, x, y, random, gained, depth + 1);
  grow(best.right, x, y, random, gained, depth + 1);
}

function ranks(v: number[]): number[] {
  const order = v.map((_, i) => i).sort((a, b) => v[a] - v[b]);
  const out = new Array<number>(v.length);
  for (let i = 0; i < order.length; ) {
    let j = i;
    while (j < order.length && v[order[j]] === v[order[i]]) ++j;
    for (let k = i; k < j; ++k) out[order[k]] = (i + j - 1) / 2;
    i = j;
  }
  return out;
}

export function spearman(a: number[], b: number[]): number {
  const x = ranks(a);
  const y = ranks(b);
  const mean = (x.length - 1) / 2;
  let both = 0;
  let xs = 0;
  let ys = 0;
  for (let i = 0; i < x.length; ++i) {
    both += (x[i] - mean) * (y[i] - mean);
    xs += (x[i] - mean) ** 2;
    ys += (y[i] - mean) ** 2;
  }
  return xs > 0 && ys > 0 ? both / Math.sqrt(xs * ys) : 0;
}

/** Numbers as they are; anything else by its place among the sorted words. */
function encode(column: Json[]): {x: number[]; numeric: boolean} {
  if (column.every((v) => typeof v === "number")) return {x: column as number[], numeric: true};
  const words = [...new Set(column.map((v) => value(v)))].sort();
  const place = new Map(words.map((w, i) => [w, i]));
  return {x: column.map((v) => place.get(value(v))!), numeric: false};
}

/** `columns`: the parameters; `metric`: one value a run, null where there is none. Most important first. */
export function importances(columns: {[name: string]: Json[]}, metric: (number | null)[]): Importance[] {
  let rows = metric.flatMap((v, i) => (v !== null && Number.isFinite(v) ? [i] : []));
  if (rows.length > rowsMax) rows = rows.filter((_, i) => i % Math.ceil(rows.length / rowsMax) === 0);
  const y = rows.map((r) => metric[r]!);
  const names = Object.keys(columns).filter((n) => new Set(rows.map((r) => value(columns[n][r]))).size > 1);
  if (rows.length < 4 * leafMin || names.length === 0) return [];
  const features = names.map((n) => encode(rows.map((r) => columns[n][r])));
  const x = features.map((f) => f.x);
  const random = generator(rows.length * 7919 + names.length);
  const shares: number[][] = names.map(() => []);
  for (let t = 0; t < trees; ++t) {
    const sample = y.map(() => Math.floor(random() * y.length));
    const gained = names.map(() => 0);
    grow(sample, x, y, random, gained, 0);
    const total = gained.reduce((a, b) => a + b, 0);
    if (total > 0) gained.forEach((g, f) => shares[f].push(g / total));
  }
  const out = names.map((name, f) => {
    const n = Math.max(1, shares[f].length);
    const share = shares[f].reduce((a, b) => a + b, 0) / n;
    const spread = Math.sqrt(shares[f].reduce((a, b) => a + (b - share) ** 2, 0) / n);
    return {name, share, spread, correlation: features[f].numeric ? spearman(x[f], y) : null};
  });
  return out.sort((a, b) => b.share - a.share);
}
