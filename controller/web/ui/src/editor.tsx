// A text editor for YAML with line numbers, where each problem stands at its line and is one click away.
import {useLayoutEffect, useRef} from "preact/hooks";
import type {FileProblem} from "./types";

/** "sweep.yaml:12:5" -> 12, 5; without a place: line 0. */
export function place(where: string): {line: number; column: number} {
  const m = /:(\d+)(?::(\d+))?$/.exec(where);
  return m ? {line: Number(m[1]), column: Number(m[2] ?? 1)} : {line: 0, column: 0};
}

export function Editor(props: {
  label: string;
  text: string;
  onText: (t: string) => void;
  problems: FileProblem[];
  readOnly?: boolean;
}) {
  const area = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLDivElement>(null);
  const lines = props.text.split("\n").length;
  const wrong = new Map(props.problems.map((p) => [place(p.where).line, p.message]));
  const follow = () => {
    if (!gutter.current || !area.current) return;
    gutter.current.style.height = area.current.clientHeight + "px";
    gutter.current.scrollTop = area.current.scrollTop;
  };
  useLayoutEffect(() => {
    follow();
    const seen = new ResizeObserver(follow);
    seen.observe(area.current!);
    return () => seen.disconnect();
  }, []);
  useLayoutEffect(follow, [lines]);
  const go = (where: string) => {
    const {line, column} = place(where);
    if (!line || !area.current) return;
    const before = props.text.split("\n").slice(0, line - 1).join("\n").length;
    const at = before + (line > 1 ? 1 : 0) + column - 1;
    area.current.focus();
    area.current.setSelectionRange(at, at);
    area.current.scrollTop = (line - 4) * 20;
  };
  return (
    <div>
      <div class="editor">
        <div class="gutter" ref={gutter} aria-hidden="true">
          {Array.from({length: lines}, (_, i) => (
            <div key={i} class={wrong.has(i + 1) ? "wrong" : ""} title={wrong.get(i + 1)}>{i + 1}</div>
          ))}
        </div>
        <textarea
          ref={area}
          aria-label={props.label}
          aria-invalid={props.problems.length > 0}
          spellcheck={false}
          autocomplete="off"
          readOnly={props.readOnly}
          value={props.text}
          onScroll={follow}
          onInput={(e) => props.onText(e.currentTarget.value)}
        />
      </div>
      <ul class="problems" aria-live="polite" aria-label="Problems">
        {props.problems.map((p, i) => (
          <li key={i}>
            <button type="button" onClick={() => go(p.where)}>
              <b class="mono">{p.where}</b> {p.message}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
