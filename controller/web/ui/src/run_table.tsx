// A sweep's runs: sorted and filtered by the server, a page at a time; columns of parameters and metrics;
// actions on one run, on those ticked, or on all that match.
import {useEffect, useState} from "preact/hooks";
import {ActDialog, actionNames, runMenu} from "./act";
import type {Target} from "./act";
import {query} from "./api";
import {number, own, parameter, plural, runTime, runUrl, sweepApi, value} from "./format";
import {navigate, useLoad, useNow, useParam} from "./hooks";
import {useOperator} from "./session";
import type {List, LogEvent, Run, RunAction, RunState, Sweep} from "./types";
import {isLive, runStates} from "./types";
import {A, Empty, Fault, Menu, Scroller, Since, State} from "./ui";

export type Ranges = {[name: string]: [number, number] | string[]};
const pageRows = 50;
const bulkMax = 10_000;
const parametersShown = 8;
const metricsShown = 6;

interface Column {
  id: string;
  label: string;
  num: boolean;
  cell: (r: Run) => preact.ComponentChildren;
}

/** The columns that these runs call for: their parameters, and the numbers of their summaries. */
function columnsOf(sweep: Sweep, rows: Run[]): Column[] {
  const params = new Set<string>();
  const metrics = new Set<string>();
  for (const r of rows) {
    for (const name of Object.keys(r.config ?? {})) params.add(name);
    for (const [name, v] of Object.entries(r.summary))
      if (typeof v === "number" && !name.startsWith("_") && !/^system[./]/.test(name) && name !== sweep.metric.name) metrics.add(name);
  }
  const config = (name: string): Column => ({
    id: "config." + name,
    label: name,
    num: rows.every((r) => typeof parameter(own(r.config, name)) === "number"),
    cell: (r) => value(parameter(own(r.config, name))),
  });
  const summary = (name: string): Column => ({id: "summary." + name, label: name, num: true, cell: (r) => value(own(r.summary, name))});
  return [
    ...[...params].sort().slice(0, parametersShown).map(config),
    ...[...metrics].sort().slice(0, metricsShown).map(summary),
  ];
}

function Head({c, sort, setSort}: {c: Column; sort: string; setSort: (s: string) => void}) {
  const on = sort === c.id || sort === "-" + c.id;
  const down = sort.startsWith("-");
  const next = on && !down ? "-" + c.id : c.id;
  return (
    <th scope="col" class={c.num ? "num" : ""} aria-sort={on ? (down ? "descending" : "ascending") : undefined}>
      <button type="button" onClick={() => setSort(next)} title={"Sort by " + c.label}>
        {c.label}
        {on ? (down ? " ↓" : " ↑") : ""}
      </button>
    </th>
  );
}

function StateChips({sweep, state, setState}: {sweep: Sweep; state: string; setState: (s: string) => void}) {
  const chosen = new Set(state.split(",").filter(Boolean));
  const flip = (s: RunState) => {
    if (!chosen.delete(s)) chosen.add(s);
    setState([...chosen].join(","));
  };
  return (
    <div class="chips" role="group" aria-label="Filter by state">
      {runStates.filter((s) => sweep.runs[s] > 0 || chosen.has(s)).map((s) => (
        <button key={s} type="button" class="button" aria-pressed={chosen.has(s)} onClick={() => flip(s)}>
          <State state={s} count={sweep.runs[s]} />
        </button>
      ))}
      {chosen.size > 0 && <button type="button" class="button quiet" onClick={() => setState("")}>All states</button>}
    </div>
  );
}

const touches = (sweep: string) => (e: LogEvent) => e.sweep === sweep;

export function RunTable(props: {sweep: Sweep; ranges: Ranges; matching: (states: string[]) => string[] | null}) {
  const {sweep, ranges} = props;
  const operator = useOperator();
  const [sort, setSortOnly] = useParam("sort", "-created");
  const [state, setStateOnly] = useParam("state");
  const [page, setPage] = useParam("page", "1");
  // Another question begins at its first page, and is asked once.
  const asking = (set: (v: string) => void) => (v: string) => (set(v), setPage("1"));
  const setSort = asking(setSortOnly);
  const setState = asking(setStateOnly);
  const [picked, setPicked] = useState<Set<string>>(new Set());
  const [doing, setDoing] = useState<{action: RunAction; target: Target} | null>(null);
  const now = useNow(5000);
  const brushed = Object.keys(ranges).length > 0;
  const asks = (Math.max(1, Number(page) || 1) - 1) * pageRows;
  const path = query(sweepApi(sweep.id) + "/runs", {
    sort, state, offset: asks, limit: pageRows, ranges: brushed ? JSON.stringify(ranges) : "",
  });
  const {data, error, path: answered, stale, reload} = useLoad<List<Run>>(path, touches(sweep.id), 10_000);
  useEffect(() => setPicked(new Set()), [state, JSON.stringify(ranges)]);
  const rows = data?.items ?? [];
  const total = data?.total ?? 0;
  const offset = Number(/[?&]offset=(\d+)/.exec(answered ?? "")?.[1] ?? 0);  // of the rows that are shown
  const columns = columnsOf(sweep, rows);
  const fixed: Column[] = [
    {id: "state", label: "State", num: false, cell: () => null},
    {id: "created", label: "Run", num: false, cell: () => null},
    {id: "trial", label: "Trial", num: true, cell: () => null},
    {id: "metric", label: sweep.metric.name ?? "metric", num: true, cell: () => null},
  ];
  const last: Column[] = [
    {id: "host", label: "Host", num: false, cell: (r) => r.host ?? "–"},
    {id: "duration", label: "Ran for", num: true, cell: (r) => runTime(r, now)},
    {id: "signal", label: "Last heard", num: true, cell: (r) => (isLive(r.state) || r.state === "crashed" ? <Since at={r.last_signal} /> : "–")},
  ];
  const pages = Math.max(1, Math.ceil(total / pageRows));
  useEffect(() => {
    if (!stale && rows.length === 0 && total > 0) setPage(String(pages));  // there were more, once
  }, [stale, rows.length, total]);
  const choose = (action: RunAction, target: Target) => setDoing({action, target});
  const everything = (): Target | null => {
    if (!brushed) return {filter: {sweep: sweep.id, ...(state && {state})}, words: `all ${plural(total, "run")} that match`};
    const ids = props.matching(state.split(",").filter(Boolean));
    if (!ids || ids.length > bulkMax) return null;
    return {ids, words: `the ${plural(ids.length, "run")} within the brush`};
  };
  const some: Target = {ids: [...picked], words: plural(picked.size, "chosen run")};
  const target = picked.size > 0 ? some : everything();
  const flip = (id: string) => {
    const next = new Set(picked);
    if (!next.delete(id)) next.add(id);
    setPicked(next);
  };
  const allPicked = rows.length > 0 && rows.every((r) => picked.has(r.id));
  return (
    <>
      <div class="row">
        <StateChips sweep={sweep} state={state} setState={setState} />
        {operator && target && total > 0 && !stale && (
          <div class="tools" style={{marginLeft: "auto"}}>
            <small>{picked.size > 0 ? `${picked.size} chosen` : `all ${number(total)} that match`}</small>
            <Menu
              label="Act on many runs"
              text="Actions"
              items={(Object.keys(actionNames) as RunAction[]).map((a) => ({label: actionNames[a], act: () => choose(a, target)}))}
            />
          </div>
        )}
      </div>
      <Fault error={error} />
      {data && rows.length === 0 && <Empty>{state || brushed ? "No run matches." : "No runs yet. Start an agent."}</Empty>}
      {rows.length > 0 && (
        <Scroller label="Runs" busy={stale}>
          <table>
            <caption class="visually-hidden">Runs of the sweep</caption>
            <thead>
              <tr>
                {operator && (
                  <th scope="col">
                    <input type="checkbox" aria-label="Choose every run of this page" checked={allPicked}
                      onChange={() => setPicked(allPicked ? new Set() : new Set([...picked, ...rows.map((r) => r.id)]))} />
                  </th>
                )}
                {[...fixed, ...columns, ...last].map((c) => <Head key={c.id} c={c} sort={sort} setSort={setSort} />)}
                {operator && <th scope="col"><span class="visually-hidden">Actions</span></th>}
              </tr>
            </thead>
            <tbody>
              {rows.map((r) => (
                <tr key={r.id} class={(picked.has(r.id) ? "chosen " : "") + (sweep.best?.run === r.id ? "best" : "")}>
                  {operator && (
                    <td><input type="checkbox" aria-label={"Choose run " + r.id} checked={picked.has(r.id)} onChange={() => flip(r.id)} /></td>
                  )}
                  <td><State state={r.state} />{r.health !== "ok" && <><br /><small>{r.health}</small></>}</td>
                  <th scope="row">
                    <A class="mono" href={runUrl(r.project, r.id)}>{r.id}</A>
                    {sweep.best?.run === r.id && <small> best</small>}
                    {r.cause !== "none" && r.state !== "finished" && <><br /><small>{r.cause.replace(/_/g, " ")}</small></>}
                  </th>
                  <td class="num">{r.trial}{r.attempt > 1 ? ` (try ${r.attempt})` : ""}</td>
                  <td class="num">{number(r.metric.best)}</td>
                  {[...columns, ...last].map((c) => <td key={c.id} class={c.num ? "num" : "short"}>{c.cell(r)}</td>)}
                  {operator && (
                    <td>
                      <Menu label={"Actions for run " + r.id} items={runMenu(r, choose, [{label: "Open", act: () => navigate(runUrl(r.project, r.id))}])} />
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroller>
      )}
      {total > pageRows && (
        <nav class="row" aria-label="Pages of runs">
          <button type="button" class="button" disabled={asks === 0} onClick={() => setPage("1")}>First</button>
          <button type="button" class="button" disabled={asks === 0} onClick={() => setPage(String(Number(page) - 1))}>Back</button>
          <span>{number(offset + 1)}–{number(Math.min(offset + pageRows, total))} of {number(total)}</span>
          <button type="button" class="button" disabled={Number(page) >= pages} onClick={() => setPage(String(Number(page) + 1))}>Next</button>
          <button type="button" class="button" disabled={Number(page) >= pages} onClick={() => setPage(String(pages))}>Last</button>
        </nav>
      )}
      {doing && <ActDialog {...doing} onClose={() => setDoing(null)} onDone={() => { setPicked(new Set()); reload(); }} />}
    </>
  );
}
