// One run: how it ended and why, its charts, output, files, and every change of its state with who made it.
import {useEffect, useState} from "preact/hooks";
import {ActDialog, runMenu} from "./act";
import type {Target} from "./act";
import {download, words} from "./api";
import {EventTable, EvidenceList} from "./event_table";
import {bytes, clock, number, parameter, runTime, runUrl, sweepApi, sweepUrl, value} from "./format";
import {navigate, useLoad, useNow, useParam, usePath} from "./hooks";
import {LogView} from "./log_view";
import {notify} from "./notice";
import {RunCharts} from "./run_charts";
import {useOperator} from "./session";
import type {Json, List, LogEvent, Run, RunAction, StoredFile, Sweep} from "./types";
import {isLive} from "./types";
import {A, Card, Empty, Fault, Menu, Scroller, Since, State, TabPanel, Tabs, Until} from "./ui";

const tabs = [
  {id: "", label: "Overview"},
  {id: "charts", label: "Charts"},
  {id: "output", label: "Output"},
  {id: "files", label: "Files"},
  {id: "history", label: "State history"},
];
const diagnosis = ["output.log", "debug.log", "debug-internal.log"];

function Pairs({title, all}: {title: string; all: [string, Json][]}) {
  return (
    <Card title={title}>
      {all.length === 0 ? <Empty>Nothing.</Empty> : (
        <Scroller label={title}>
          <table>
            <thead><tr><th scope="col">Name</th><th scope="col">Value</th></tr></thead>
            <tbody>{all.map(([n, v]) => <tr key={n}><th scope="row">{n}</th><td class="wrap" title={String(v)}>{value(v)}</td></tr>)}</tbody>
          </table>
        </Scroller>
      )}
    </Card>
  );
}

/** What its program says of it. */
function About({about}: {about: Run["about"]}) {
  const tags = Array.isArray(about.tags) ? about.tags : [];
  const said = [about.display_name, about.group, about.job_type, ...tags.map((t) => "#" + value(t)), about.notes].filter((x) => x !== undefined && x !== null && x !== "");
  return said.length > 0 ? <small>{said.map(value).join(" · ")}</small> : null;
}

function Standing({r, sweep}: {r: Run; sweep: Sweep | null}) {
  const now = useNow(1000);
  return (
    <Card>
      <dl class="tiles">
        <div><dt>State</dt><dd><State state={r.state} />{r.health !== "ok" && <small> {r.health}</small>}</dd></div>
        {r.cause !== "none" && <div><dt>Cause</dt><dd>{r.cause.replace(/_/g, " ")}</dd></div>}
        <div><dt>{sweep?.metric.name ?? "Metric"}</dt><dd><b>{number(r.metric.best)}</b>{r.metric.last !== null && r.metric.last !== r.metric.best && <small> last {number(r.metric.last)}</small>}{r.metric.nan_seen && <small> NaN seen</small>}</dd></div>
        <div><dt>Ran for</dt><dd>{runTime(r, now)}</dd></div>
        {(isLive(r.state) || r.state === "crashed") && <div><dt>Last heard</dt><dd><Since at={r.last_signal} />{r.lease_until && <small> taken for dead <Until at={r.lease_until} /></small>}</dd></div>}
        <div><dt>Where</dt><dd>{r.host ?? "–"}{r.pid ? <small> pid {r.pid}</small> : null}</dd></div>
        {r.exit_code !== null && <div><dt>Exit code</dt><dd>{r.exit_code}</dd></div>}
        {r.signal !== null && <div><dt>Signal</dt><dd>{r.signal}</dd></div>}
        <div><dt>Trial</dt><dd>{r.trial}, attempt {r.attempt}</dd></div>
      </dl>
      {r.next && <p class="hint">Next, <b><Until at={r.next.at} /></b>: {r.next.what}</p>}
      {r.slot_held && r.state === "crashed" && <p class="hint">It still holds a place of the sweep.</p>}
      {r.stop_wanted && <p class="hint">Its agent is told to stop it until it obeys.</p>}
      {(r.reason || r.rule) && <p>{r.reason}{r.rule && <small> by {r.rule}</small>}</p>}
      {r.evidence.length > 0 && <><h3>Evidence</h3><EvidenceList all={r.evidence} /></>}
    </Card>
  );
}

function Files({r}: {r: Run}) {
  const path = `/api/v1/runs/${encodeURIComponent(r.id)}`;
  const {data, error} = useLoad<List<StoredFile>>(path + "/files", (e) => e.run === r.id, isLive(r.state) ? 10_000 : undefined);
  const save = (f: StoredFile) =>
    download(`${path}/file?name=${encodeURIComponent(f.name)}`, f.name.split("/").pop()!).catch((e) => notify(words(e), {bad: true}));
  const rank = (f: StoredFile) => {
    const i = diagnosis.indexOf(f.name.split("/").pop()!);
    return i < 0 ? diagnosis.length : i;
  };
  const all = [...(data?.items ?? [])].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  return (
    <Card title="Files">
      <Fault error={error} />
      {data && (
        <Scroller label="Files">
          <table>
            <thead><tr><th scope="col">Name</th><th scope="col" class="num">Size</th><th scope="col">Stored</th><th scope="col">SHA-256</th><th scope="col"><span class="visually-hidden">Download</span></th></tr></thead>
            <tbody>
              {!all.some((f) => f.name === "output.log") && r.log_bytes > 0 && (
                <tr>
                  <th scope="row" class="mono">output.log</th>
                  <td class="num">{bytes(r.log_bytes)}</td><td>as sent</td><td>–</td>
                  <td><button type="button" class="button" aria-label="Download output.log" onClick={() => download(path + "/log?limit=8388608", "output.log").catch((e) => notify(words(e), {bad: true}))}>Download</button></td>
                </tr>
              )}
              {all.map((f) => (
                <tr key={f.name}>
                  <th scope="row" class="mono">{f.name}</th>
                  <td class="num">{bytes(f.size)}</td>
                  <td class="nowrap">{clock(f.at)}</td>
                  <td class="mono" title={f.sha256}>{f.sha256.slice(0, 12)}</td>
                  <td><button type="button" class="button" aria-label={"Download " + f.name} onClick={() => save(f)}>Download</button></td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroller>
      )}
      {data && all.length === 0 && r.log_bytes === 0 && <Empty>It left no files.</Empty>}
    </Card>
  );
}

function History({r}: {r: Run}) {
  const path = `/api/v1/runs/${encodeURIComponent(r.id)}/events?limit=500`;
  const {data, error} = useLoad<List<LogEvent>>(path, (e) => e.run === r.id);
  return (
    <Card title="State history">
      <Fault error={error} />
      {data && <EventTable events={data.items} ofRun />}
    </Card>
  );
}

export function RunPage({id}: {id: string}) {
  const operator = useOperator();
  const {pathname, search} = usePath();
  const [tab, setTab] = useParam("tab");
  const [doing, setDoing] = useState<{action: RunAction; target: Target} | null>(null);
  const [pace, setPace] = useState(3000);
  const {data: r, error, reload} = useLoad<Run>("/api/v1/runs/" + encodeURIComponent(id), (e) => e.run === id, pace);
  const {data: sweep} = useLoad<Sweep>(r ? sweepApi(r.sweep) : null);
  useEffect(() => {
    if (!r) return;
    document.title = `${r.id} · sweepd`;
    if (pathname !== runUrl(r.project, r.id)) navigate(runUrl(r.project, r.id) + search, true);
    setPace(isLive(r.state) ? 3000 : 15_000);
  }, [r?.id, r?.state]);
  if (!r) return error ? <Fault error={error} /> : <p aria-busy="true" class="empty">Loading…</p>;
  const now = tabs.some((t) => t.id === tab) ? tab : "";
  const choose = (action: RunAction, target: Target) => setDoing({action, target});
  const config = Object.entries(r.config ?? {}).map(([n, v]) => [n, parameter(v)] as [string, Json]);
  return (
    <>
      <div class="heading">
        <div>
          <div class="crumbs">
            <A href="/">All sweeps</A> / <A href={"/" + r.project}>{r.project}</A> / <A href={sweepUrl({project: r.project, id: r.sweep})}>{sweep?.name || r.sweep}</A>
          </div>
          <h1>Run <span class="mono">{r.id}</span></h1>
          <About about={r.about} />
        </div>
        <div class="tools">
          {operator && <Menu label={"Actions for run " + r.id} items={runMenu(r, choose)} />}
        </div>
      </div>
      <Fault error={error} />
      {r.deleted && <p class="hint">This run is deleted: it is in no list any more.{r.can_undo && " Undo, in its menu, restores it while its data are still there."}</p>}
      <Standing r={r} sweep={sweep} />
      <Tabs label="Views of the run" tabs={tabs} now={now} go={setTab} />
      <TabPanel now={now}>
        {now === "" && (
          <div class="columns">
            <Pairs title="Config" all={config} />
            <Pairs title="Summary" all={Object.entries(r.summary)} />
          </div>
        )}
        {now === "charts" && <RunCharts run={r} metric={sweep?.metric.name ?? null} />}
        {now === "output" && <LogView run={r} />}
        {now === "files" && <Files r={r} />}
        {now === "history" && <History r={r} />}
      </TabPanel>
      {doing && <ActDialog {...doing} onClose={() => setDoing(null)} onDone={reload} />}
    </>
  );
}
