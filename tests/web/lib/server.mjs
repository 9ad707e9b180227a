// A real sweepd for one test file, agents that speak its REST API, and what the tests ask of both.
import {spawn} from "node:child_process";
import {existsSync, mkdtempSync, readFileSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import path from "node:path";
import {Agent, request} from "node:http";
import {setTimeout as pause} from "node:timers/promises";

const binary = process.env.SWEEPD_BINARY;
/** How long anything may take before it counts as not coming: a busy machine is slow, not wrong. */
export const patienceMs = Number(process.env.SWEEPD_WEB_PATIENCE_MS ?? 60_000);
const connections = new Agent({keepAlive: true, maxSockets: 64});

/** Asks again until `f` gives something; the error names what was waited for. */
export async function until(what, f, limitMs = patienceMs) {
  const end = Date.now() + limitMs;
  for (;;) {
    const got = await f();
    if (got) return got;
    if (Date.now() > end) throw new Error(`waited ${limitMs} ms for: ${what}`);
    await pause(25);
  }
}

export class Server {
  static async start(...more) {
    const s = new Server();
    s.data = mkdtempSync(path.join(tmpdir(), "sweepd-web-"));
    s.process = spawn(binary, ["serve", "--listen", "127.0.0.1:0", "--data", s.data, "--log-level", "error", ...more], {stdio: ["ignore", "ignore", "pipe"]});
    let said = "";
    s.process.stderr.on("data", (d) => (said = (said + d).slice(-4000)));
    const file = path.join(s.data, "sweepd.url");
    await until("the server's address", () => {
      if (s.process.exitCode !== null) throw new Error("sweepd ended: " + said);
      return existsSync(file) && readFileSync(file, "utf8").includes("\n");
    });
    s.url = readFileSync(file, "utf8").split("\n")[0];
    s.key = "";
    return s;
  }

  async stop() {
    const ended = new Promise((r) => this.process.once("exit", r));
    this.process.kill("SIGTERM");
    setTimeout(() => this.process.kill("SIGKILL"), 8000).unref();
    await ended;
    rmSync(this.data, {recursive: true, force: true});
  }

  /** One request; the answer must be 2xx. */
  send(method, where, body, type = "application/json") {
    const text = body === undefined ? undefined : Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const headers = {...(this.key && {Authorization: "Bearer " + this.key})};
    if (text !== undefined) Object.assign(headers, {"Content-Type": type, "Content-Length": Buffer.byteLength(text)});
    return new Promise((done, failed) => {
      const r = request(this.url + where, {method, headers, agent: connections}, (answer) => {
        const parts = [];
        answer.on("data", (d) => parts.push(d));
        answer.on("end", () => {
          const got = Buffer.concat(parts).toString();
          if (answer.statusCode >= 300) failed(new Error(`${method} ${where}: ${answer.statusCode} ${got}`));
          else done(/json/.test(answer.headers["content-type"] ?? "") ? JSON.parse(got) : got);
        });
      });
      r.on("error", failed);
      r.end(text);
    });
  }
  get = (where) => this.send("GET", where);
  post = (where, body = {}) => this.send("POST", where, body);

  async sweep(yaml, project = "team/vision") {
    return (await this.post("/api/v1/sweeps", {yaml, project})).id;
  }

  async agent(sweep, name = "worker", host = "gpu-1") {
    const joined = await this.post(`/api/v1/sweeps/${sweep}/agents`, {name, host, pid: 100});
    return new Worker(this, sweep, joined.agent, host);
  }
}

/** An agent: claims runs, and does with them what a test says. */
export class Worker {
  constructor(server, sweep, id, host) {
    Object.assign(this, {server, sweep, id, host, claims: 0});
  }

  /** Waits as an agent does: the sweep may still be preparing its next configuration. */
  async claim() {
    const ask = {agent: this.id, request_id: `${this.id}-${++this.claims}`, wait: "30s"};
    const told = await this.server.post(`/api/v1/sweeps/${this.sweep}/claims`, ask);
    if (told.status !== "run") throw new Error("no run: " + JSON.stringify(told));
    return told.run;
  }

  async start() {
    const run = await this.claim();
    await this.server.post(`/api/v1/runs/${run.id}/start`, {epoch: run.epoch, host: this.host, pid: 4000 + this.claims});
    run.lines = 0;
    run.bytes = 0;
    return run;
  }

  async report(run, {history = [], log = "", summary} = {}) {
    const body = {epoch: run.epoch, ...(summary && {summary})};
    if (history.length) Object.assign(body, {history_offset: run.lines, history});
    if (log) Object.assign(body, {log_offset: run.bytes, log});
    await this.server.post(`/api/v1/runs/${run.id}/report`, body);
    run.lines += history.length;
    run.bytes += Buffer.byteLength(log);
  }

  finish = (run, how = {exit_code: 0}) => this.server.post(`/api/v1/runs/${run.id}/finish`, {epoch: run.epoch, ...how});

  /** The process dies by SIGKILL: the run crashes. */
  async crash(run) {
    await this.finish(run, {signal: 9, evidence: [{source: "agent", text: "killed by SIGKILL (9)"}]});
  }

  beat = (...alive) => this.server.post(`/api/v1/agents/${this.id}/heartbeat`, {alive: alive.map((r) => r.id)});

  upload = (run, name, text) =>
    this.server.send("PUT", `/api/v1/runs/${run.id}/file?name=${encodeURIComponent(name)}&epoch=${run.epoch}`, Buffer.from(text), "application/octet-stream");
}

/** Crashed runs stay crashed for an hour unless somebody acts. */
export const patientGrid = `name: grid of digits
program: train.py
method: grid
metric: {name: loss, goal: minimize}
parameters:
  lr: {values: [0.001, 0.003, 0.01, 0.03, 0.1]}
  batch_size: {values: [16, 32, 64, 128]}
  optimizer: {values: [adam, sgd, rmsprop]}
crash_policy:
  fail_after: 1h
  breaker: off
  rules:
    - {when: {}, do: fail, after: 1h}
`;
