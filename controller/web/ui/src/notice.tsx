// Short messages at the foot of the page, with a way back where there is one; and what is read out to those
// who do not see the page, at most every ten seconds.
import type {ComponentChildren} from "preact";
import {useEffect, useState} from "preact/hooks";

interface Notice {
  id: number;
  text: string;
  bad: boolean;
  undo?: () => void;
}

const showForMs = 6_000;
const undoForMs = 30_000;
const sayEveryMs = 10_000;

let last = 0;
let show: (n: Notice) => void = () => {};
let speak: (text: string) => void = () => {};

export function notify(text: string, more: {bad?: boolean; undo?: () => void} = {}) {
  show({id: ++last, text, bad: more.bad ?? false, undo: more.undo});
}

/** Tells counts to a screen reader; what comes too soon replaces what waits. */
export function announce(text: string) {
  speak(text);
}

export function Notices(): ComponentChildren {
  const [all, set] = useState<Notice[]>([]);
  const [said, setSaid] = useState("");
  useEffect(() => {
    show = (n) => {
      set((old) => [...old.slice(-2), n]);
      setTimeout(() => set((old) => old.filter((x) => x !== n)), n.undo ? undoForMs : showForMs);
    };
    let waiting = "";
    let timer = 0;
    let at = -sayEveryMs;
    const now = () => {
      timer = 0;
      at = performance.now();
      setSaid(waiting);
    };
    speak = (text) => {
      waiting = text;
      if (!timer) timer = window.setTimeout(now, Math.max(0, at + sayEveryMs - performance.now()));
    };
    return () => clearTimeout(timer);
  }, []);
  const drop = (n: Notice) => set((old) => old.filter((x) => x !== n));
  return (
    <>
      <div class="visually-hidden" aria-live="polite">{said}</div>
      <div class="notices" role="status">
        {all.map((n) => (
          <div key={n.id} class={n.bad ? "notice bad" : "notice"}>
            <span>{n.text}</span>
            {n.undo && (
              <button type="button" class="button" onClick={() => { drop(n); n.undo!(); }}>
                Undo
              </button>
            )}
            <button type="button" class="button quiet" onClick={() => drop(n)}>Dismiss</button>
          </div>
        ))}
      </div>
    </>
  );
}
