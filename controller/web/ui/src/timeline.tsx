// Who ran what when: a lane an agent, a bar a run, with its state as colour and sign. Marks: where a run or an agent
// was last heard, until when a lease still lasts, and what the policy did.
import {Chart, axis, tooltip} from "./chart";
import {clock, duration, runUrl, sweepApi} from "./format";
import {navigate, useLoad} from "./hooks";
import {serverNow} from "./api";
import {colour} from "./theme";
import type {Agent, List, LogEvent, Points, Run, RunState, Sweep} from "./types";
import {Card, Empty} from "./ui";

const barsMax = 2000;
const leasesMax = 200;
const actionsMax = 1000;
const aheadShare = 0.12;
const leased = "pending,running,preempting,preempted,crashed";
const policyTypes = ["run_moved", "trial_requeued", "policy_would"];
const signs: Record<RunState, string> = {
  pending: "○", running: "▶", preempting: "⇥", preempted: "⇥", crashed: "▲", failed: "✕", killed: "■", finished: "✓",
};

interface Bar {
  lane: number;
  from: number;
  to: number;
  heard: number | null;
  run: string;
  state: RunState;
  cause: string;
}

/** Something at one instant (or until one) in a lane. */
interface Mark {
  lane: number;
  at: number;
  until?: number;
  what: "agent heard" | "lease" | "policy";
  about: string;
  words: string;
}

/** What the policy did, said by its events. */
function actionWords(e: LogEvent): string {
  const b = e.body;
  if (e.type === "run_moved") return `${b.from} → ${b.to}`;
  if (e.type === "policy_would") return `would: ${b.action}`;
  return "trial " + String(b.trial) + " is handed out again";
}

/** The marks of the bars' lanes. */
export function marksOf(bars: Bar[], lanesOf: Map<string, number>, agents: Agent[], live: Run[], events: LogEvent[], now: number): Mark[] {
  const at = new Map(bars.map((b) => [b.run, b]));
  const out: Mark[] = [];
  for (const a of agents) {
    const lane = lanesOf.get(a.id);
    if (lane !== undefined && a.last_beat) out.push({lane, at: Date.parse(a.last_beat), what: "agent heard", about: a.name, words: `last heartbeat, ${a.state}`});
  }
  for (const r of live) {
    const bar = at.get(r.id);
    const until = r.next?.at ?? r.lease_until;
    if (bar && until) out.push({lane: bar.lane, at: Math.min(bar.to, now), until: Date.parse(until), what: "lease", about: r.id, words: r.next?.what ?? "taken for dead, unless it is heard"});
  }
  for (const e of events) {
    const bar = e.run ? at.get(e.run) : undefined;
    if (bar && e.at && e.actor.what === "policy") out.push({lane: bar.lane, at: Date.parse(e.at), what: "policy", about: e.run!, words: `${actionWords(e)}, ${e.actor.id}`});
  }
  return out;
}

/** Bars in lanes: an agent that runs several at once has several. */
export function lay(p: Points, nameOf: (agent: string) => string, now: number): {bars: Bar[]; lanes: string[]; lanesOf: Map<string, number>} {
  const c = p.columns;
  const order = c.id.map((_, i) => i).filter((i) => c.created[i] !== null).slice(-barsMax);
  const lanes: string[] = [];
  const free: {agent: number; lane: number; until: number}[] = [];
  const bars: Bar[] = [];
  const lanesOf = new Map<string, number>();  // an agent's first
  for (const i of order) {
    const from = c.started[i] ?? c.created[i]!;
    const to = c.ended[i] ?? (c.state[i] === "crashed" ? c.last_signal[i] ?? now : now);
    let slot = free.find((f) => f.agent === c.agent[i] && f.until <= from);
    if (!slot) {
      const name = p.agents[c.agent[i]] ? nameOf(p.agents[c.agent[i]]) : "no agent";
      const again = free.filter((f) => f.agent === c.agent[i]).length;
      slot = {agent: c.agent[i], lane: lanes.length, until: 0};
      lanes.push(again ? `${name} (${again + 1})` : name);
      free.push(slot);
      if (again === 0) lanesOf.set(p.agents[c.agent[i]], slot.lane);
    }
    slot.until = Math.max(from, to);
    bars.push({lane: slot.lane, from, to: Math.max(from, to), heard: c.last_signal[i], run: c.id[i], state: c.state[i], cause: c.cause[i]});
  }
  return {bars, lanes, lanesOf};
}

/** The newest events of the policy's types; whose they are is for marksOf() to say. */
function usePolicyEvents(sweep: string): LogEvent[] {
  const path = (type: string) => `/api/v1/events?sweep=${encodeURIComponent(sweep)}&type=${type}&order=newest&limit=${actionsMax}`;
  const mine = (type: string) => (e: LogEvent) => e.sweep === sweep && e.type === type && e.actor.what === "policy";
  return policyTypes.flatMap((t) => useLoad<List<LogEvent>>(path(t), mine(t)).data?.items ?? []);
}

export function Timeline({sweep, points}: {sweep: Sweep; points: Points}) {
  const mine = (e: LogEvent) => e.sweep === sweep.id;
  const {data: agents} = useLoad<List<Agent>>(`/api/v1/agents?sweep=${encodeURIComponent(sweep.id)}&limit=1000`, mine, 10_000);
  const {data: live} = useLoad<List<Run>>(`${sweepApi(sweep.id)}/runs?state=${leased}&limit=${leasesMax}`, mine, 10_000);
  const actions = usePolicyEvents(sweep.id);
  const now = serverNow();
  const names = new Map(agents?.items.map((a) => [a.id, a.host ? `${a.name} · ${a.host}` : a.name]));
  const {bars, lanes, lanesOf} = lay(points, (id) => names.get(id) ?? id, now);
  const marks = marksOf(bars, lanesOf, agents?.items ?? [], live?.items ?? [], actions, now);
  if (bars.length === 0) return <Card title="Timeline by agent"><Empty>No runs yet.</Empty></Card>;
  const states = [...new Set(bars.map((b) => b.state))];
  // Leases may last much longer than the runs do: a little of the future is enough.
  const [first, end] = [Math.min(...bars.map((b) => b.from)), Math.max(...bars.map((b) => b.to))];
  const edge = end + aheadShare * Math.max(end - first, 1000);
  const option = () => ({
    grid: {left: 12, right: 20, top: 12, bottom: 44, containLabel: true},
    tooltip: tooltip({
      formatter: (p: {dataIndex: number; seriesName: string}) => {
        if (p.seriesName === "marks") {
          const m = marks[p.dataIndex];
          return `${m.about}: ${m.what} ${clock(m.until ?? m.at)}\n${m.words}`;
        }
        const b = bars[p.dataIndex];
        const cause = b.cause !== "none" ? ` (${b.cause})` : "";
        return `${b.run}: ${b.state}${cause}\n${clock(b.from)} – ${clock(b.to)}, ${duration(b.to - b.from)}\nlast heard ${clock(b.heard)}`;
      },
    }),
    dataZoom: [
      {type: "inside", xAxisIndex: 0, filterMode: "weakFilter"},
      {type: "slider", xAxisIndex: 0, filterMode: "weakFilter", height: 18, bottom: 6, textStyle: {color: colour("faint")}},
    ],
    xAxis: {
      ...axis("", {type: "time", scale: true, max: marks.some((m) => m.until) ? edge : undefined}),
      axisLabel: {color: colour("text"), hideOverlap: true, formatter: (v: number) => new Date(v).toLocaleTimeString("en-GB")},
    },
    yAxis: {
      ...axis("", {type: "category", data: lanes, inverse: true}),
      axisLabel: {color: colour("text"), formatter: (v: string) => (v.length > 24 ? v.slice(0, 23) + "…" : v)},
    },
    series: [{
      type: "custom",
      name: "runs",
      encode: {x: [1, 2], y: 0},
      data: bars.map((b) => ({value: [b.lane, b.from, b.to, b.heard ?? b.to], run: b.run})),
      renderItem: (params: {dataIndex: number}, api: {value(i: number): number; coord(v: number[]): number[]; size(v: number[]): number[]}) => {
        const b = bars[params.dataIndex];
        const [x, y] = api.coord([api.value(1), api.value(0)]);
        const [end] = api.coord([api.value(2), api.value(0)]);
        const [heard] = api.coord([api.value(3), api.value(0)]);
        const height = Math.min(22, api.size([0, 1])[1] * 0.7);
        const width = Math.max(2, end - x);
        const fill = colour(b.state);
        const parts: object[] = [{
          type: "rect",
          shape: {x, y: y - height / 2, width, height, r: 2},
          style: {fill, opacity: b.state === "finished" ? 0.75 : 1, stroke: colour("card"), lineWidth: 1},
        }];
        if (width > 16)
          parts.push({type: "text", style: {text: signs[b.state], x: x + 4, y, verticalAlign: "middle", fill: colour("card"), font: "12px sans-serif"}});
        if (b.state === "crashed" || b.state === "running")
          parts.push({type: "line", shape: {x1: heard, x2: heard, y1: y - height / 2 - 3, y2: y + height / 2 + 3}, style: {stroke: colour("text"), lineWidth: 2}});
        return {type: "group", children: parts};
      },
    }, {
      type: "custom",
      name: "marks",
      z: 3,
      encode: {x: [1, 2], y: 0},
      data: marks.map((m) => ({value: [m.lane, m.at, Math.min(m.until ?? m.at, edge)]})),
      renderItem: (params: {dataIndex: number}, api: {value(i: number): number; coord(v: number[]): number[]; size(v: number[]): number[]}) => {
        const m = marks[params.dataIndex];
        const [x, y] = api.coord([api.value(1), api.value(0)]);
        const [end] = api.coord([api.value(2), api.value(0)]);
        const half = Math.min(11, api.size([0, 1])[1] * 0.35);
        const ink = {stroke: colour("text"), fill: colour("card"), lineWidth: 1.5};
        if (m.what === "policy") return {type: "polygon", shape: {points: [[x, y - 6], [x + 6, y], [x, y + 6], [x - 6, y]]}, style: ink};
        if (m.what === "agent heard") return {type: "circle", shape: {cx: x, cy: y + half, r: 3.5}, style: ink};
        const low = y + half;  // beneath the bars of later runs
        return {type: "group", children: [
          {type: "line", shape: {x1: x, y1: low, x2: end, y2: low}, style: {stroke: colour("text"), lineWidth: 1.5, lineDash: [4, 3]}},
          m.until! > edge
            ? {type: "polyline", shape: {points: [[end - 6, low - 5], [end, low], [end - 6, low + 5]]}, style: {stroke: colour("text"), fill: "none", lineWidth: 1.5}}
            : {type: "line", shape: {x1: end, y1: low - 6, x2: end, y2: low + 6}, style: {stroke: colour("text"), lineWidth: 1.5}},
        ]};
      },
    }],
  });
  return (
    <Card
      title="Timeline by agent"
      tools={<small>{states.map((s) => `${signs[s]} ${s}`).join("   ")}{"   "}┃ run last heard{"   "}○ agent last heard{"   "}┄┤ lease until{"   "}◇ policy</small>}
    >
      {points.columns.id.length > barsMax && <small>the newest {barsMax} runs</small>}
      <Chart label="Timeline by agent" option={option} deps={[points, agents, live, actions.length]} size={lanes.length > 8 ? "high" : undefined}
        numbers={() => ({
          columns: ["agent", "run", "state", "cause", "from", "to", "last heard", "lease until", "policy"],
          rows: bars.map((b) => {
            const own = marks.filter((m) => m.about === b.run);
            const lease = own.find((m) => m.what === "lease");
            const did = own.filter((m) => m.what === "policy").map((m) => `${clock(m.at)} ${m.words}`).join("; ");
            return [lanes[b.lane], b.run, b.state, b.cause, clock(b.from), clock(b.to), clock(b.heard), lease ? `${clock(lease.until!)} ${lease.words}` : "", did];
          }),
        })}
        onReady={(c) => c.on("click", (e) => {
          // The newest bars: this handler is older than what is drawn.
          const run = (e.data as {run?: string})?.run;
          if (run) navigate(runUrl(sweep.project, run));
        })} />
    </Card>
  );
}
