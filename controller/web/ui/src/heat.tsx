// The cells of a grid: two parameters across and down, a third to choose from; each cell says its newest run's
// state and value and opens it. A table, so that it needs no second one.
import {useState} from "preact/hooks";
import {number, own, runUrl, title, value} from "./format";
import type {Json, Points, Sweep} from "./types";
import {A, Card, Empty, Icon, Scroller} from "./ui";

const sideMax = 40;

function wordsOf(column: Json[]): string[] {
  const distinct = new Map<string, Json>();
  for (const v of column) if (v !== null) distinct.set(value(v), v);
  const all = [...distinct.entries()];
  if (all.every(([, v]) => typeof v === "number")) return all.sort((a, b) => (a[1] as number) - (b[1] as number)).map(([w]) => w);
  return all.map(([w]) => w).sort();
}

export function Heat({sweep, points}: {sweep: Sweep; points: Points}) {
  const all = Object.entries(points.config)
    .map(([name, column]) => ({name, words: wordsOf(column)}))
    .filter((p) => p.words.length > 1 && p.words.length <= sideMax);
  const [chosenX, setX] = useState("");
  const [chosenY, setY] = useState("");
  const [slices, setSlices] = useState<Record<string, string>>({});
  if (all.length < 2) return <Card title="Grid"><Empty>Drawn when two parameters have 2 to {sideMax} values each.</Empty></Card>;
  const x = all.find((p) => p.name === chosenX) ?? all[0];
  const y = all.find((p) => p.name === chosenY && p !== x) ?? all.find((p) => p !== x)!;
  const others = all.filter((p) => p !== x && p !== y);
  const slice = (name: string, words: string[]) => own(slices, name) ?? words[0];
  const cells = new Map<string, number>();
  points.columns.id.forEach((_, i) => {
    if (others.some((o) => value(points.config[o.name][i]) !== slice(o.name, o.words))) return;
    cells.set(value(points.config[x.name][i]) + "\u0000" + value(points.config[y.name][i]), i);
  });
  const values = [...cells.values()].map((i) => points.columns.value[i]).filter((v): v is number => v !== null);
  const low = Math.min(...values);
  const high = Math.max(...values);
  /** How good the value is, 0 to 1. */
  const good = (v: number) => {
    const share = high > low ? (v - low) / (high - low) : 1;
    return sweep.metric.goal === "maximize" ? share : 1 - share;
  };
  const choose = (label: string, now: string, list: string[], set: (v: string) => void) => (
    <label class="check">
      {label}
      <select value={now} onChange={(e) => set(e.currentTarget.value)}>{list.map((n) => <option key={n}>{n}</option>)}</select>
    </label>
  );
  return (
    <Card
      title="Grid"
      tools={
        <>
          {choose("Across", x.name, all.map((p) => p.name), setX)}
          {choose("Down", y.name, all.filter((p) => p !== x).map((p) => p.name), setY)}
          {others.map((o) => <span key={o.name}>{choose(o.name, slice(o.name, o.words), o.words, (v) => setSlices({...slices, [o.name]: v}))}</span>)}
        </>
      }
    >
      <Scroller label="Grid of cells">
        <table class="heat">
          <caption class="visually-hidden">{`${y.name} down, ${x.name} across; the newest run of each cell`}</caption>
          <thead>
            <tr>
              <th scope="col">{y.name} ↓ &nbsp; {x.name} →</th>
              {x.words.map((w) => <th key={w} scope="col">{w}</th>)}
            </tr>
          </thead>
          <tbody>
            {y.words.map((row) => (
              <tr key={row}>
                <th scope="row">{row}</th>
                {x.words.map((col) => {
                  const i = cells.get(col + "\u0000" + row);
                  if (i === undefined) return <td key={col}><span class="faint">–</span></td>;
                  const state = points.columns.state[i];
                  const v = points.columns.value[i];
                  const strength = v === null ? 0 : Math.round(8 + 42 * good(v));
                  return (
                    <td key={col} style={{background: strength ? `color-mix(in srgb, var(--accent) ${strength}%, var(--card))` : "var(--soft)"}}>
                      <A href={runUrl(sweep.project, points.columns.id[i])} title={`${title(state)}, run ${points.columns.id[i]}`}>
                        <span class={"s-" + state}><Icon name={state} /></span> {v === null ? title(state) : number(v)}
                        <span class="visually-hidden"> {state}</span>
                      </A>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroller>
      <small>The stronger the colour, the better the value{sweep.metric.name ? ` of ${sweep.metric.name}` : ""}; “–” was not tried yet.</small>
    </Card>
  );
}
