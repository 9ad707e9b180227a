// A chart, and beside it what it shows as a table and as CSV, for those who cannot see it or want the numbers.
import {useEffect, useRef, useState} from "preact/hooks";
import {saveAs, words} from "./api";
import type {Instance, Option} from "./charts";
import {number, value} from "./format";
import {colour, onTheme} from "./theme";
import type {Json} from "./types";
import {Fault, Scroller} from "./ui";

export interface Numbers {
  columns: string[];
  rows: Json[][];
}

const chartsFile = "/assets/charts.js";
const rowsShown = 100;
let loaded: Promise<typeof import("./charts")> | null = null;
const load = () => (loaded ??= import(chartsFile));

/** A tooltip that is drawn, never markup. */
export function tooltip(more: object) {
  return {
    renderMode: "richText",
    confine: true,
    backgroundColor: colour("card"),
    borderColor: colour("line"),
    textStyle: {color: colour("text"), fontSize: 12},
    ...more,
  };
}

/** What all charts share, in the colours of the theme. */
function basics(): Option {
  return {
    animation: false,
    textStyle: {color: colour("text"), fontFamily: "system-ui, sans-serif"},
    tooltip: tooltip({}),
    grid: {left: 12, right: 16, top: 28, bottom: 8, containLabel: true},
  };
}

export function axis(name: string, more: object = {}) {
  return {
    name,
    nameTextStyle: {color: colour("faint")},
    axisLine: {lineStyle: {color: colour("faint")}},
    axisLabel: {color: colour("text"), hideOverlap: true, formatter: (v: number | string) => (typeof v === "number" ? number(v) : v)},
    splitLine: {lineStyle: {color: colour("line")}},
    scale: true,
    ...more,
  };
}

/** A CSV cell; one that a spreadsheet would take for a formula is made a text. */
function cell(v: Json): string {
  const text = v === null ? "" : typeof v === "string" ? v : JSON.stringify(v);
  const safe = typeof v === "string" && /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

export function csv(n: Numbers): Blob {
  const lines = [n.columns, ...n.rows].map((row) => row.map(cell).join(","));
  return new Blob([lines.join("\r\n") + "\r\n"], {type: "text/csv"});
}

export function Chart(props: {
  label: string;
  option: () => Option;
  /** the option is made anew when one of these changes */
  deps: unknown[];
  numbers: () => Numbers;
  size?: "low" | "high";
  onReady?: (chart: Instance) => void;
  /** after each drawing: what an option cannot hold, such as a brush */
  onDrawn?: (chart: Instance) => void;
}) {
  const at = useRef<HTMLDivElement>(null);
  const chart = useRef<Instance | null>(null);
  const [ready, setReady] = useState(false);
  const [open, setOpen] = useState(false);
  const [tick, setTick] = useState(0);
  const [fault, setFault] = useState("");
  useEffect(() => {
    let gone = false;
    let sizes: ResizeObserver | undefined;
    const begin = async () => {
      try {
        const {mount} = await load();
        if (gone || !at.current) return;
        const made = mount(at.current);
        chart.current = made;
        props.onReady?.(made);
        sizes = new ResizeObserver(() => chart.current?.resize());
        sizes.observe(at.current);
        setReady(true);
      } catch (e) {
        setFault(words(e));
      }
    };
    // Charts far down the page wait until somebody looks.
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some((e) => e.isIntersecting)) return;
      seen.disconnect();
      void begin();
    }, {rootMargin: "300px"});
    seen.observe(at.current!);
    const themes = onTheme(() => setTick((n) => n + 1));
    return () => {
      gone = true;
      seen.disconnect();
      sizes?.disconnect();
      themes();
      chart.current?.dispose();
      chart.current = null;
    };
  }, []);
  useEffect(() => {
    if (!ready || !chart.current) return;
    chart.current.setOption({...basics(), ...props.option()}, {notMerge: true});
    props.onDrawn?.(chart.current);
    at.current!.dataset.drawn = "";
  }, [ready, tick, ...props.deps]);
  const numbers = open ? props.numbers() : null;
  return (
    <div>
      <Fault error={fault || null} />
      <div class={"chart " + (props.size ?? "")} ref={at} role="img" aria-label={props.label + "; the numbers are in the table below"} />
      <details onToggle={(e) => setOpen(e.currentTarget.open)}>
        <summary>{props.label}: as a table</summary>
        {numbers && (
          <>
            <button type="button" class="button" onClick={() => saveAs(csv(props.numbers()), props.label.replace(/\W+/g, "_") + ".csv")}>
              Download CSV
            </button>
            {numbers.rows.length > rowsShown && <small> the first {rowsShown} of {number(numbers.rows.length)} rows; the CSV has them all</small>}
            <Scroller label={props.label + ", as a table"}>
              <table>
                <thead><tr>{numbers.columns.map((c) => <th key={c} scope="col">{c}</th>)}</tr></thead>
                <tbody>
                  {numbers.rows.slice(0, rowsShown).map((row, i) => (
                    <tr key={i}>{row.map((v, k) => <td key={k} class={typeof v === "number" ? "num" : "short"}>{value(v)}</td>)}</tr>
                  ))}
                </tbody>
              </table>
            </Scroller>
          </>
        )}
      </details>
    </div>
  );
}
