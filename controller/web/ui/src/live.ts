// What happens on the server, as it happens: one stream of server-sent events for the whole page, read with
// fetch (EventSource can carry no key). Comes back by itself where it broke off. Only a page that is looked at
// keeps it open: a browser has six connections to a server for all its tabs.
import {authorization} from "./api";
import type {LogEvent} from "./types";

export type LiveState = "off" | "connecting" | "live";
type Listener = (e: LogEvent) => void;

const listeners = new Set<Listener>();
const watchers = new Set<(s: LiveState) => void>();
const wakers = new Set<() => void>();
let state: LiveState = "off";
let lastId = "";
let stop: AbortController | null = null;
let broke = false;
let wanted = false;

const retryFirstMs = 500;
const retryMaxMs = 10_000;

export function onEvent(f: Listener): () => void {
  listeners.add(f);
  return () => void listeners.delete(f);
}

/** Told when the stream is back after a break: something may have been missed. */
export function onWake(f: () => void): () => void {
  wakers.add(f);
  return () => void wakers.delete(f);
}

export function onLiveState(f: (s: LiveState) => void): () => void {
  watchers.add(f);
  f(state);
  return () => void watchers.delete(f);
}

function become(s: LiveState) {
  if (s === state) return;
  state = s;
  for (const w of watchers) w(s);
}

function deliver(frame: string) {
  let data = "";
  for (const line of frame.split("\n")) {
    if (line.startsWith("id:")) lastId = line.slice(3).trim();
    else if (line.startsWith("data:")) data += line.slice(5).trim();
  }
  if (!data) return;
  const event = JSON.parse(data) as LogEvent;
  for (const l of [...listeners]) l(event);
}

/** Reads one connection until it ends. */
async function read(signal: AbortSignal) {
  const headers: Record<string, string> = {...authorization(), Accept: "text/event-stream"};
  if (lastId) headers["Last-Event-ID"] = lastId;
  const answer = await fetch("/api/v1/events", {headers, signal});
  if (!answer.ok || !answer.body) throw new Error(`the stream answered ${answer.status}`);
  become("live");
  if (broke) for (const w of [...wakers]) w();
  broke = true;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const {value, done} = await reader.read();
    if (done) return;
    text += value;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      deliver(text.slice(0, end));
      text = text.slice(end + 2);
    }
  }
}

/** From the event after number `seq` on: what happens between the page's first answers and its stream is told too. */
export function startLive(seq: number) {
  wanted = true;
  lastId = String(seq);
  if (document.visibilityState === "visible") void run();
}

export function stopLive() {
  wanted = false;
  end();
  lastId = "";
  broke = false;
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") end();
  else if (wanted && !stop) void run();
});

function end() {
  stop?.abort();
  stop = null;
  become("off");
}

async function run() {
  end();
  const mine = new AbortController();
  stop = mine;
  let pause = retryFirstMs;
  while (!mine.signal.aborted) {
    become("connecting");
    const began = Date.now();
    try {
      await read(mine.signal);
    } catch {
      // said by the indicator; tried again below
    }
    if (mine.signal.aborted) break;
    become("connecting");
    pause = Date.now() - began > retryMaxMs ? retryFirstMs : Math.min(pause * 2, retryMaxMs);
    await new Promise((r) => setTimeout(r, pause));
  }
}
