// The objects of the REST contract (controller/rest/openapi.json), as far as the page reads them.

export type Role = "viewer" | "agent" | "operator" | "admin";
export type RunState =
  | "pending" | "running" | "preempting" | "preempted" | "crashed" | "failed" | "killed" | "finished";
export type SweepState = "pending" | "running" | "paused" | "finished" | "canceled";
export type RunAction = "mark_failed" | "stop" | "requeue" | "infeasible" | "undo" | "delete";
export type Json = null | boolean | number | string | Json[] | {[key: string]: Json};

export const runStates: RunState[] = [
  "running", "pending", "preempting", "preempted", "crashed", "failed", "killed", "finished",
];
export const isLive = (s: RunState) => s === "pending" || s === "running" || s === "preempting";

export interface WhoAmI {
  key: string;
  role: Role;
  project: string;
  durable_seq: number;
}

export interface Sweep {
  id: string;
  project: string;
  name: string;
  description: string;
  method: string;
  metric: {name: string | null; goal: "minimize" | "maximize"; target: number | null};
  run_cap: number | null;
  max_concurrent_runs: number | null;
  size: number | null;
  state: SweepState;
  paused_reason: "operator" | "breaker" | null;
  paused_text: string | null;
  stopping: boolean;
  trials: {drawn: number; waiting: number; done: number};
  runs: Record<RunState, number>;
  slots_used: number;
  exhausted: boolean;
  target_reached: boolean;
  best: {value: number | string; run: string} | null;
  breaker: {state: "closed" | "open" | "half_open"; until: string | null};
  policy: {hash: string; version: number; mode: "off" | "observe" | "enforce"};
  agents: number;
  created: string | null;
  created_by: string;
  finished: string | null;
  config?: {[key: string]: Json};
}

export interface Evidence {
  source: string;
  text: string;
}

export interface Run {
  id: string;
  sweep: string;
  project: string;
  trial: number;
  attempt: number;
  epoch: number;
  agent: string | null;
  state: RunState;
  health: "ok" | "suspect" | "stalled" | "exiting" | "superseded";
  cause: string;
  evidence: Evidence[];
  rule: string | null;
  reason: string | null;
  config: {[name: string]: Json} | null;
  summary: {[name: string]: Json};
  about: {[name: string]: Json};
  metric: {count: number; best: number | null; last: number | null; nan_seen: boolean};
  created: string | null;
  started: string | null;
  ended: string | null;
  last_signal: string | null;
  host: string | null;
  pid: number | null;
  exit_code: number | null;
  signal: number | null;
  slot_held: boolean;
  history_lines: number;
  system_lines: number;
  log_bytes: number;
  stop_wanted: boolean;
  near_misses: number;
  can_undo: boolean;
  deleted: boolean;
  lease_until: string | null;
  next: {at: string; what: string} | null;
}

export interface Agent {
  id: string;
  sweep: string;
  name: string;
  host: string;
  pid: number;
  state: "live" | "lost" | "left";
  joined: string | null;
  last_beat: string | null;
  runs: string[];
  successes: number;
  deaths: number;
  deaths_in_a_row: number;
  quarantined: {until: string; why: string} | null;
}

export interface LogEvent {
  seq: number;
  at: string | null;
  actor: {what: "system" | "policy" | "agent" | "user"; id: string};
  type: string;
  sweep: string | null;
  run: string | null;
  agent: string | null;
  body: {[key: string]: Json};
}

export interface List<T> {
  items: T[];
  next: string | null;
  total: number;
}

export interface Hold {
  run: string;
  trial: number;
  agent: string;
  state: RunState;
  health: string;
  what: string[];
  why: string;
  release_at: string | null;
}

export interface Explanation {
  state: SweepState;
  summary: string;
  holds: Hold[];
  waiting: {trial: number; why: string; ready_at: string | null; run: string}[];
  notes: string[];
}

/** The sweep's runs as columns, in the order of creation; times in milliseconds since 1970. */
export interface Points {
  total: number;
  shown: number;
  agents: string[];
  columns: {
    id: string[];
    trial: number[];
    attempt: number[];
    state: RunState[];
    cause: string[];
    value: (number | null)[];
    agent: number[];
    created: (number | null)[];
    started: (number | null)[];
    ended: (number | null)[];
    last_signal: (number | null)[];
  };
  config: {[name: string]: Json[]};
}

export interface Webhook {
  id: string;
  name: string;
  to: string;
  shape: "generic" | "slack";
  kinds: string[];
  sweep: string | null;
  project: string;
  created: string | null;
  created_by: string;
  delivered: number;
  given_up: number;
  last_try: string | null;
  last_error: string | null;
}

export interface WebhookTest {
  taken: boolean;
  status: number | null;
  message: string | null;
  took_ms: number;
}

export interface RungTable {
  rule: string | null;
  resource: string | null;
  stopped: number;
  rungs: {rung: number; runs: number; provisional: number; judged: number; threshold: number | null; decides: boolean}[];
}

export interface FileProblem {
  where: string;
  message: string;
}

export interface Validation {
  ok: boolean;
  problems: FileProblem[];
  sweep?: {name: string; method: string; size: number | null; metric: Sweep["metric"]; run_cap: number | null};
}

export interface BulkPreview {
  would: number;
  confirm: string;
  items: {
    run: string;
    sweep: string;
    trial: number;
    state: RunState;
    cause: string;
    holds: string[];
    releases: string[];
    refused?: string;
  }[];
}

export interface BulkDone {
  done: number;
  failed: number;
  items: {run: string; ok: boolean; message: string}[];
}

export interface PolicyView {
  hash: string;
  version: number;
  mode: "off" | "observe" | "enforce";
  yaml: string;
  versions: {version: number; hash: string; at: string | null; by: string; reason: string}[];
}

export interface PolicyPreview {
  mode: string;
  ahead: string;
  actions: {
    run: string;
    trial: number;
    state: RunState;
    cause: string;
    rule: string;
    from: RunState;
    to: RunState;
    due_in: string;
    releases: string[];
    then: string;
  }[];
}

export interface Replay {
  runs: number;
  silences: number;
  marks_crashed: number;
  marks_failed: number;
  false_crashed: number;
  false_failed: number;
  slot_seconds_held_recorded: number;
  slot_seconds_held_policy: number;
  slot_seconds_saved: number;
  resolution: string;
  rows: {run: string; silent_from: string; silent_seconds: number; came_back: boolean; would: string; false_mark: boolean}[];
  notes: string[];
}

export interface StoredFile {
  name: string;
  size: number;
  sha256: string;
  at: string | null;
}

export interface ApiKey {
  id: string;
  name: string;
  role: Role;
  project: string;
  created: string | null;
  expires: string | null;
  revoked: boolean;
  usable: boolean;
}

export interface Status {
  version: string;
  ready: boolean;
  disk_full: boolean;
  durable_seq: number;
  sweeps?: number;
  runs?: Record<RunState, number>;
  agents?: number;
  grace_until?: string | null;
  grace_why?: string | null;
  mass_silence?: {active: boolean; until: string | null};
}
