// Calls of the REST API under the signed-in key, and the clock of the server.
//
// The key is kept in this tab (sessionStorage), or in this browser when asked for; never in a cookie: cookies
// are sent to every port of a host, and other programs serve other ports of localhost.
import type {FileProblem} from "./types";

const slot = "sweepd.key";

export function key(): string {
  return sessionStorage.getItem(slot) ?? localStorage.getItem(slot) ?? "";
}

export function keepKey(value: string, inBrowser: boolean) {
  sessionStorage.removeItem(slot);
  localStorage.removeItem(slot);
  if (value) (inBrowser ? localStorage : sessionStorage).setItem(slot, value);
}

/** An answer that says no: RFC 9457's problem details, or that nobody answered (status 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly where = "",
    readonly requestId = "",
    readonly problems: FileProblem[] = [],
  ) {
    super(detail);
  }
}

/** For an error of any kind, what a person should read. */
export function words(e: unknown): string {
  if (e instanceof Problem) return (e.where ? e.where + ": " : "") + e.message;
  return e instanceof Error ? e.message : String(e);
}

let onUnauthorized: () => void = () => {};
export function whenUnauthorized(f: () => void) {
  onUnauthorized = f;
}

let ahead = 0;
/** The server's wall clock, as far as answers told it: what counts down must count by it. */
export function serverNow(): number {
  return Date.now() + ahead;
}

function noteClock(answer: Response) {
  const told = Date.parse(answer.headers.get("Date") ?? "");
  // Date has whole seconds: a difference below that is no difference.
  if (!Number.isNaN(told)) ahead = Math.abs(told - Date.now()) < 1500 ? 0 : told + 500 - Date.now();
}

export function authorization(): Record<string, string> {
  const k = key();
  return k ? {Authorization: "Bearer " + k} : {};
}

async function problemOf(answer: Response): Promise<Problem> {
  const text = await answer.text();
  try {
    const p = JSON.parse(text);
    return new Problem(answer.status, p.code, p.detail, p.where, p.request_id, p.problems ?? []);
  } catch {
    return new Problem(answer.status, "unknown", `the server answered ${answer.status}`);
  }
}

/** The answer itself, for what is no JSON. Throws Problem for any status that is not 2xx. */
export async function raw(method: string, path: string, body?: unknown, init: RequestInit = {}): Promise<Response> {
  const headers: Record<string, string> = {...authorization(), ...(init.headers as Record<string, string>)};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["Idempotency-Key"] = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
  let answer: Response;
  try {
    answer = await fetch(path, {...init, method, headers, body: body === undefined ? undefined : JSON.stringify(body)});
  } catch (e) {
    if ((e as Error).name === "AbortError") throw e;
    throw new Problem(0, "unreachable", "the server cannot be reached");
  }
  noteClock(answer);
  if (answer.ok) return answer;
  if (answer.status === 401) onUnauthorized();
  throw await problemOf(answer);
}

export async function call<T>(method: string, path: string, body?: unknown, init?: RequestInit): Promise<T> {
  const answer = await raw(method, path, body, init);
  const text = await answer.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

export const get = <T>(path: string, init?: RequestInit) => call<T>("GET", path, undefined, init);
export const post = <T>(path: string, body: unknown = {}) => call<T>("POST", path, body);

/** Saves what `path` answers as a file of that name. */
export async function download(path: string, name: string) {
  const blob = await (await raw("GET", path)).blob();
  saveAs(blob, name);
}

export function saveAs(blob: Blob, name: string) {
  const url = URL.createObjectURL(blob);
  const a = document.createElement("a");
  a.href = url;
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** "/api/v1/runs" and {a: 1, b: undefined} -> "/api/v1/runs?a=1" */
export function query(path: string, params: Record<string, string | number | undefined | null>): string {
  const q = new URLSearchParams();
  for (const [name, value] of Object.entries(params))
    if (value !== undefined && value !== null && value !== "") q.set(name, String(value));
  const text = q.toString();
  return text ? path + "?" + text : path;
}

export const enc = encodeURIComponent;
