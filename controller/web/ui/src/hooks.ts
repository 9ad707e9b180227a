// What pages are made of: data that stays fresh, a clock that ticks, addresses and their parameters.
import {useCallback, useEffect, useRef, useState} from "preact/hooks";
import {get, serverNow} from "./api";
import {onEvent, onLiveState, onWake} from "./live";
import type {LiveState} from "./live";
import type {LogEvent} from "./types";

/** At most one reload in this time, however much happens. */
const reloadEveryMs = 800;

export interface Loaded<T> {
  data: T | null;
  error: unknown;
  /** what `data` answers; another path than the one asked for while the answer to that is under way */
  path: string | null;
  stale: boolean;
  reload: () => void;
}

/**
 * GETs `path` (null: nothing), again whenever an event comes for which `fresh` says true, and every `everyMs`.
 * What is shown stays until the new answer is there; of another path's answer `stale` says so.
 */
export function useLoad<T>(path: string | null, fresh?: (e: LogEvent) => boolean, everyMs?: number): Loaded<T> {
  const [got, setGot] = useState<{path: string; data: T} | null>(null);
  const [fault, setFault] = useState<{path: string; error: unknown} | null>(null);
  const job = useRef({path, busy: false, again: false, last: 0, timer: 0, gone: false});

  const load = useCallback(async () => {
    const j = job.current;
    if (j.path === null) return;
    if (j.busy) {
      j.again = true;
      return;
    }
    j.busy = true;
    j.again = false;
    const asked = j.path;
    try {
      const answer = await get<T>(asked);
      if (!j.gone && j.path === asked) {
        setGot({path: asked, data: answer});
        setFault(null);
      }
    } catch (error) {
      if (!j.gone && j.path === asked) setFault({path: asked, error});
    }
    j.busy = false;
    j.last = performance.now();
    if (j.gone) return;
    if (j.path !== asked) void load();
    else if (j.again) soon();
  }, []);

  const soon = useCallback(() => {
    const j = job.current;
    if (j.timer) return;
    const wait = Math.max(50, reloadEveryMs - (performance.now() - j.last));
    j.timer = window.setTimeout(() => {
      j.timer = 0;
      void load();
    }, wait);
  }, []);

  useEffect(() => {
    job.current.path = path;
    void load();
  }, [path]);
  useEffect(() => {
    const j = job.current;
    return () => {
      j.gone = true;
      clearTimeout(j.timer);
    };
  }, []);
  const judge = useRef(fresh);
  judge.current = fresh;
  useEffect(() => onEvent((e) => judge.current?.(e) && soon()), []);
  useEffect(() => onWake(() => judge.current && soon()), []);
  useEffect(() => {
    if (!everyMs) return;
    const t = setInterval(() => document.visibilityState === "visible" && void load(), everyMs);
    return () => clearInterval(t);
  }, [everyMs, path]);
  const error = fault?.path === path ? fault.error : null;
  const stale = got !== null && got.path !== path;
  // A question that was refused has no answer: an older one's is none.
  const shown = stale && error ? null : got;
  return {data: shown?.data ?? null, error, path: shown?.path ?? null, stale: stale && shown !== null, reload: () => void load()};
}

export function useLiveState(): LiveState {
  const [s, set] = useState<LiveState>("off");
  useEffect(() => onLiveState(set), []);
  return s;
}

/** The server's time in milliseconds, anew every `everyMs`. */
export function useNow(everyMs = 1000): number {
  const [now, set] = useState(serverNow());
  useEffect(() => {
    const t = setInterval(() => set(serverNow()), everyMs);
    return () => clearInterval(t);
  }, [everyMs]);
  return now;
}

/** The value, once it has stood still for so long. */
export function useSettled<T>(value: T, ms: number): T {
  const [settled, set] = useState(value);
  useEffect(() => {
    const t = setTimeout(() => set(value), ms);
    return () => clearTimeout(t);
  }, [value, ms]);
  return settled;
}

const moved = new Set<() => void>();
window.addEventListener("popstate", () => moved.forEach((f) => f()));

export function navigate(to: string, replace = false) {
  if (replace) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  moved.forEach((f) => f());
  if (!replace) window.scrollTo(0, 0);
}

export function usePath(): URL {
  const [href, set] = useState(location.href);
  useEffect(() => {
    const f = () => set(location.href);
    moved.add(f);
    return () => void moved.delete(f);
  }, []);
  return new URL(href);
}

/** A parameter of the address: what a page shows can be sent to somebody else. */
export function useParam(name: string, usual = ""): [string, (v: string) => void] {
  const value = usePath().searchParams.get(name) ?? usual;
  const set = useCallback(
    (v: string) => {
      const url = new URL(location.href);
      if (v === usual) url.searchParams.delete(name);
      else url.searchParams.set(name, v);
      navigate(url.pathname + url.search, true);
    },
    [name, usual],
  );
  return [value, set];
}
