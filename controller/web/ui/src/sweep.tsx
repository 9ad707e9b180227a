// One sweep: how it stands, what holds it, its charts and runs.
import {useEffect, useState} from "preact/hooks";
import {VerbDialog} from "./act";
import type {Verb} from "./act";
import {get} from "./api";
import {BestChart} from "./best_chart";
import {Blockers} from "./blockers";
import {clock, expected, number, ownRuns, parameter, plural, runUrl, sweepApi, sweepName, sweepUrl, title, value} from "./format";
import {Heat} from "./heat";
import {navigate, useLoad, useParam, usePath} from "./hooks";
import {ImportanceCard} from "./importance_card";
import {announce} from "./notice";
import {Curves} from "./curves";
import {EventTable} from "./event_table";
import {Parallel, axesOf, within} from "./parallel";
import {PolicyPanel} from "./policy_panel";
import {Rungs} from "./rungs";
import {RunTable} from "./run_table";
import type {Ranges} from "./run_table";
import {useOperator} from "./session";
import {Timeline} from "./timeline";
import type {List, LogEvent, Points, Run, Sweep} from "./types";
import {A, Card, CopyButton, Empty, Fault, Menu, Progress, State, TabPanel, Tabs, Until} from "./ui";

const tabs = [
  {id: "", label: "Overview"},
  {id: "curves", label: "Curves"},
  {id: "timeline", label: "Timeline"},
  {id: "grid", label: "Grid"},
  {id: "rungs", label: "Rungs"},
  {id: "policy", label: "Policy"},
  {id: "file", label: "File"},
  {id: "events", label: "Events"},
];

function verbsFor(s: Sweep): Verb[] {
  if (s.state === "canceled" || s.method === ownRuns) return [];
  if (s.state === "finished") return ["resume"];
  return [s.state === "paused" ? "resume" : "pause", ...(s.stopping ? [] : (["stop"] as Verb[])), "cancel"];
}

function Standing({s}: {s: Sweep}) {
  const [best, setBest] = useState<Run | null>(null);
  useEffect(() => {
    if (s.best) get<Run>("/api/v1/runs/" + s.best.run).then(setBest, () => setBest(null));
  }, [s.best?.run]);
  return (
    <Card>
      <dl class="tiles">
        <div><dt>State</dt><dd><State state={s.state} />{s.stopping && <small> stopping</small>}</dd></div>
        {s.paused_text && <div><dt>Paused by {s.paused_reason}</dt><dd>{s.paused_text}{s.breaker.until && <> – a probe goes out <Until at={s.breaker.until} /></>}</dd></div>}
        <div><dt>Done</dt><dd><Progress done={s.trials.done} of={expected(s)} label="Configurations done" /></dd></div>
        <div><dt>Best {s.metric.name ?? ""}</dt><dd>{s.best ? <><b>{number(s.best.value)}</b> <A class="mono" href={runUrl(s.project, s.best.run)}>{s.best.run}</A></> : "–"}</dd></div>
        <div><dt>Agents</dt><dd><b>{number(s.agents)}</b></dd></div>
        <div><dt>Places taken</dt><dd>{number(s.slots_used)}{s.max_concurrent_runs !== null ? ` of ${s.max_concurrent_runs}` : ""}</dd></div>
        <div><dt>Crash policy</dt><dd>{title(s.policy.mode)}, version {s.policy.version}</dd></div>
        <div><dt>Created</dt><dd>{clock(s.created)} <small>by {s.created_by}</small></dd></div>
      </dl>
      {best?.config && s.best && best.id === s.best.run && (
        <p class="faint">
          Best configuration: {Object.entries(best.config).map(([n, v]) => `${n} = ${value(parameter(v))}`).join(", ")}
        </p>
      )}
    </Card>
  );
}

/** What a point chart does not show need not draw it again. */
const moves = (id: string) => (e: LogEvent) =>
  e.sweep === id && ["run_offered", "run_moved", "trial_closed", "trial_requeued", "run_deleted", "run_restored"].includes(e.type);

function Overview({s, points}: {s: Sweep; points: Points | null}) {
  const [text, setText] = useParam("ranges");
  const [, setPage] = useParam("page", "1");
  let ranges: Ranges = {};
  try {
    ranges = text ? JSON.parse(text) : {};
  } catch {
    // an address that was cut short: no ranges
  }
  const setRanges = (r: Ranges) => {
    const next = Object.keys(r).length ? JSON.stringify(r) : "";
    if (next === text) return;
    setText(next);
    setPage("1");
  };
  const matching = (states: string[]) =>
    points && points.shown === points.total
      ? within(axesOf(s, points), ranges, points.columns.id.length)
          .filter((i) => states.length === 0 || states.includes(points.columns.state[i]))
          .map((i) => points.columns.id[i])
      : null;
  return (
    <>
      <Blockers sweep={s} />
      {points && points.total > 0 && (
        <>
          <div class="columns">
            <BestChart sweep={s} points={points} />
            <ImportanceCard sweep={s} points={points} />
          </div>
          <Parallel sweep={s} points={points} ranges={ranges} setRanges={setRanges} />
        </>
      )}
      <Card title="Runs">
        <RunTable sweep={s} ranges={ranges} matching={matching} />
      </Card>
    </>
  );
}

function FileTab({s}: {s: Sweep}) {
  const {data, error} = useLoad<{yaml: string}>(sweepApi(s.id) + "/yaml");
  return (
    <Card title="Sweep file" tools={data && <CopyButton text={data.yaml} label="Copy" />}>
      <Fault error={error} />
      {data && <pre class="plain" tabIndex={0}>{data.yaml}</pre>}
      <h3>As understood</h3>
      <pre class="plain" tabIndex={0}>{JSON.stringify(s.config, null, 2)}</pre>
    </Card>
  );
}

function EventsTab({s}: {s: Sweep}) {
  const {data, error} = useLoad<List<LogEvent>>(`/api/v1/events?sweep=${encodeURIComponent(s.id)}&order=newest&limit=200`, (e) => e.sweep === s.id);
  return (
    <Card title="Events, newest first">
      <Fault error={error} />
      {data && (data.items.length ? <EventTable events={data.items} project={s.project} /> : <Empty>None.</Empty>)}
    </Card>
  );
}

export function SweepPage({id}: {id: string}) {
  const operator = useOperator();
  const {pathname, search} = usePath();
  const [tab, setTab] = useParam("tab");
  const [verb, setVerb] = useState<Verb | null>(null);
  const {data: s, error, reload} = useLoad<Sweep>(sweepApi(id), (e) => e.sweep === id, 15_000);
  const {data: points} = useLoad<Points>(s ? sweepApi(s.id) + "/points" : null, moves(id), 30_000);
  useEffect(() => {
    if (!s) return;
    document.title = `${sweepName(s)} · sweepd`;
    // The address may have come with another project's name: an id is enough to find a sweep.
    if (pathname !== sweepUrl(s)) navigate(sweepUrl(s) + search, true);
  }, [s?.id]);
  useEffect(() => {
    if (s) announce(`${plural(s.runs.running, "run")} running, ${s.trials.done} done`);
  }, [s?.runs.running, s?.trials.done]);
  if (!s) return error ? <Fault error={error} /> : <p aria-busy="true" class="empty">Loading…</p>;
  const live = s.runs.pending + s.runs.running + s.runs.preempting;
  const now = tabs.some((t) => t.id === tab) ? tab : "";
  return (
    <>
      <div class="heading">
        <div>
          <div class="crumbs"><A href="/">All sweeps</A> / <A href={"/" + s.project}>{s.project}</A></div>
          <h1>{sweepName(s)}</h1>
          <small><span class="mono">{s.id}</span> · {s.method}{s.metric.name ? ` · ${s.metric.goal} ${s.metric.name}` : ""}{s.description ? ` · ${s.description}` : ""}</small>
        </div>
        <div class="tools">
          {s.method !== ownRuns && <CopyButton text={`sweepd agent ${s.id}`} label="Copy agent command" />}
          {operator && verbsFor(s).length > 0 && (
            <Menu label="Change this sweep" text="Sweep" items={verbsFor(s).map((v) => ({label: title(v), act: () => setVerb(v)}))} />
          )}
        </div>
      </div>
      <Fault error={error} />
      <Standing s={s} />
      <Tabs label="Views of the sweep" tabs={tabs.filter((t) => t.id !== "rungs" || s.config?.early_terminate)} now={now} go={setTab} />
      <TabPanel now={now}>
        {now === "" && <Overview s={s} points={points} />}
        {now === "curves" && points && <Curves sweep={s} points={points} />}
        {now === "rungs" && <Rungs sweep={s} />}
        {now === "timeline" && points && <Timeline sweep={s} points={points} />}
        {now === "grid" && points && <Heat sweep={s} points={points} />}
        {now === "policy" && <PolicyPanel sweep={s} />}
        {now === "file" && <FileTab s={s} />}
        {now === "events" && <EventsTab s={s} />}
      </TabPanel>
      {verb && <VerbDialog verb={verb} sweep={s.id} name={sweepName(s)} live={live} onClose={() => setVerb(null)} onDone={reload} />}
    </>
  );
}
