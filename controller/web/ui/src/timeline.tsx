// Who ran what when: a lane an agent, a bar a run, with its state as colour and sign, and a tick where it was last
// heard when that is not its end.
import {Chart, axis, tooltip} from "./chart";
import {clock, duration, runUrl} from "./format";
import {navigate, useLoad} from "./hooks";
import {serverNow} from "./api";
import {colour} from "./theme";
import type {Agent, List, Points, RunState, Sweep} from "./types";
import {Card, Empty} from "./ui";

const barsMax = 2000;
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

/** Bars in lanes: an agent that runs several at once has several. */
export function lay(p: Points, nameOf: (agent: string) => string, now: number): {bars: Bar[]; lanes: string[]} {
  const c = p.columns;
  const order = c.id.map((_, i) => i).filter((i) => c.created[i] !== null).slice(-barsMax);
  const lanes: string[] = [];
  const free: {agent: number; lane: number; until: number}[] = [];
  const bars: Bar[] = [];
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
    }
    slot.until = Math.max(from, to);
    bars.push({lane: slot.lane, from, to: Math.max(from, to), heard: c.last_signal[i], run: c.id[i], state: c.state[i], cause: c.cause[i]});
  }
  return {bars, lanes};
}

export function Timeline({sweep, points}: {sweep: Sweep; points: Points}) {
  const {data} = useLoad<List<Agent>>(`/api/v1/agents?sweep=${sweep.id}&limit=1000`);
  const names = new Map(data?.items.map((a) => [a.id, a.host ? `${a.name} · ${a.host}` : a.name]));
  const {bars, lanes} = lay(points, (id) => names.get(id) ?? id, serverNow());
  if (bars.length === 0) return <Card title="Timeline by agent"><Empty>No runs yet.</Empty></Card>;
  const states = [...new Set(bars.map((b) => b.state))];
  const option = () => ({
    grid: {left: 12, right: 20, top: 12, bottom: 44, containLabel: true},
    tooltip: tooltip({
      formatter: (p: {dataIndex: number}) => {
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
      ...axis("", {type: "time", scale: true}),
      axisLabel: {color: colour("text"), hideOverlap: true, formatter: (v: number) => new Date(v).toLocaleTimeString("en-GB")},
    },
    yAxis: {
      ...axis("", {type: "category", data: lanes, inverse: true}),
      axisLabel: {color: colour("text"), formatter: (v: string) => (v.length > 24 ? v.slice(0, 23) + "…" : v)},
    },
    series: [{
      type: "custom",
      encode: {x: [1, 2], y: 0},
      data: bars.map((b) => ({value: [b.lane, b.from, b.to, b.heard ?? b.to]})),
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
    }],
  });
  return (
    <Card
      title="Timeline by agent"
      tools={<small>{states.map((s) => `${signs[s]} ${s}`).join("   ")}{"   "}┃ last heard</small>}
    >
      {points.columns.id.length > barsMax && <small>the newest {barsMax} runs</small>}
      <Chart label="Timeline by agent" option={option} deps={[points, data]} size={lanes.length > 8 ? "high" : undefined}
        numbers={() => ({
          columns: ["agent", "run", "state", "cause", "from", "to", "last heard"],
          rows: bars.map((b) => [lanes[b.lane], b.run, b.state, b.cause, clock(b.from), clock(b.to), clock(b.heard)]),
        })}
        onReady={(c) => c.on("click", (e) => navigate(runUrl(sweep.project, bars[e.dataIndex].run)))} />
    </Card>
  );
}
