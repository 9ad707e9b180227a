// Numbers, times and durations as people read them.
import type {Json, Run, Sweep} from "./types";

export function number(v: unknown): string {
  if (typeof v !== "number") return v === null || v === undefined ? "–" : String(v);
  if (Number.isInteger(v) && Math.abs(v) < 1e9) return v.toLocaleString("en-US");
  if (!Number.isFinite(v)) return String(v);
  const a = Math.abs(v);
  return a !== 0 && (a < 1e-4 || a >= 1e7) ? v.toExponential(3) : String(Number(v.toPrecision(5)));
}

/** Any JSON value on one line. */
export function value(v: Json | undefined): string {
  if (v === undefined || v === null) return "–";
  if (typeof v === "number") return number(v);
  return typeof v === "string" ? v : JSON.stringify(v);
}

export function duration(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m ${two(s % 60)}s`;
  if (s < 86400) return `${Math.floor(s / 3600)}h ${two(Math.floor((s % 3600) / 60))}m`;
  return `${Math.floor(s / 86400)}d ${Math.floor((s % 86400) / 3600)}h`;
}

export const ms = (t: string | null | undefined) => (t ? Date.parse(t) : NaN);

export function clock(t: string | number | null): string {
  if (t === null) return "–";
  const d = new Date(t);
  const today = new Date().toDateString() === d.toDateString();
  const time = d.toLocaleTimeString("en-GB");
  return today ? time : `${d.toLocaleDateString("en-CA")} ${time}`;
}

export function bytes(n: number): string {
  if (n < 1024) return `${n} B`;
  if (n < 1024 ** 2) return `${(n / 1024).toFixed(1)} KB`;
  return n < 1024 ** 3 ? `${(n / 1024 ** 2).toFixed(1)} MB` : `${(n / 1024 ** 3).toFixed(1)} GB`;
}

export const plural = (n: number, one: string) => `${number(n)} ${one}${n === 1 ? "" : "s"}`;

/** "mark_failed" -> "Mark failed" */
export function title(word: string): string {
  const text = word.replace(/_/g, " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What stands under that name; a name may be "constructor" or "__proto__". */
export function own<T>(object: {[name: string]: T} | null | undefined, name: string): T | undefined {
  return object && Object.hasOwn(object, name) ? object[name] : undefined;
}

/** W&B's shape {"value": v}, or v itself. */
export function parameter(v: Json | undefined): Json {
  if (v !== null && typeof v === "object" && !Array.isArray(v) && "value" in v) return v.value;
  return v ?? null;
}

export function runTime(r: Run, now: number): string {
  if (!r.started) return "–";
  return duration((r.ended ? ms(r.ended) : now) - ms(r.started));
}

/** How many configurations the sweep will try, if that is known. */
export function expected(s: Sweep): number | null {
  const ends = [s.size, s.run_cap].filter((n): n is number => n !== null);
  return ends.length ? Math.min(...ends) : null;
}

/** The method of what holds a project's runs without a sweep: it hands out nothing and never ends. */
export const ownRuns = "none";

/** Of a sweep's id: that of a project's own runs holds a colon and a slash. */
export const sweepApi = (id: string) => "/api/v1/sweeps/" + encodeURIComponent(id);
export const sweepUrl = (s: {project: string; id: string}) => `/${s.project}/sweeps/${encodeURIComponent(s.id)}`;
export const runUrl = (project: string, id: string) => `/${project}/runs/${encodeURIComponent(id)}`;
export const sweepName = (s: Sweep) => s.name || s.id;
