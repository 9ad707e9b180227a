// A run's output as it grows: the last part first, then what comes. Text only, whatever it holds.
import {useEffect, useLayoutEffect, useRef, useState} from "preact/hooks";
import {download, raw, words} from "./api";
import {bytes} from "./format";
import type {Run} from "./types";
import {isLive} from "./types";
import {Card, Empty, Fault} from "./ui";

const tailBytes = 128 * 1024;
const keptChars = 1_000_000;
const pollMs = 1500;
const lineMax = 4000;

/** What a terminal would show: no colour codes, and of a line that was redrawn the last state. */
export function plain(text: string): string {
  const clean = text.replace(/\u001b\[[0-9;?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(\u0007|\u001b\\)/g, "").replace(/\r\n/g, "\n");
  return clean
    .split("\n")
    .map((l) => l.slice(l.lastIndexOf("\r", l.length - 2) + 1).replace(/\r$/, ""))
    .map((l) => (l.length > lineMax ? l.slice(0, lineMax) + " … (cut)" : l))
    // eslint-disable-next-line no-control-regex
    .join("\n").replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "\ufffd");
}

export function LogView({run}: {run: Run}) {
  const [text, setText] = useState("");
  const [from, setFrom] = useState(0);
  const [follow, setFollow] = useState(true);
  const [fault, setFault] = useState("");
  const box = useRef<HTMLPreElement>(null);
  const at = useRef({next: -1, busy: false, decoder: new TextDecoder()});
  const live = useRef(run);
  live.current = run;

  const fetchMore = async () => {
    const a = at.current;
    if (a.busy) return;
    a.busy = true;
    try {
      const first = a.next < 0;
      const path = `/api/v1/runs/${encodeURIComponent(run.id)}/log?` + (first ? `tail=${tailBytes}` : `from=${a.next}`);
      const answer = await raw("GET", path);
      const got = await answer.arrayBuffer();
      const start = Number(answer.headers.get("X-Log-From") ?? 0);
      if (first) setFrom(start);
      a.next = start + got.byteLength;
      const more = a.decoder.decode(got, {stream: true});
      if (more) setText((t) => (t + more).slice(-keptChars));
      setFault("");
    } catch (e) {
      setFault(words(e));
    }
    a.busy = false;
  };
  useEffect(() => {
    void fetchMore();
    const t = setInterval(() => {
      const r = live.current;
      if (document.visibilityState === "visible" && (isLive(r.state) || r.state === "crashed")) void fetchMore();
    }, pollMs);
    return () => clearInterval(t);
  }, [run.id]);
  useEffect(() => void fetchMore(), [run.log_bytes, run.state]);
  useLayoutEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [text, follow]);
  const path = `/api/v1/runs/${encodeURIComponent(run.id)}/log?limit=8388608`;
  return (
    <Card
      title="Output"
      tools={
        <>
          <label class="check"><input type="checkbox" checked={follow} onChange={(e) => setFollow(e.currentTarget.checked)} /> follow</label>
          <button type="button" class="button" onClick={() => download(path, `${run.id}-output.log`).catch((e) => setFault(words(e)))}>Download</button>
        </>
      }
    >
      <Fault error={fault || null} />
      {from > 0 && <small>the last part; the first {bytes(from)} are in the download</small>}
      {text === "" && !fault ? (
        <Empty>{isLive(run.state) ? "No output yet." : "It left no output."}</Empty>
      ) : (
        <pre class="log" ref={box} tabIndex={0} role="log" aria-live="off" aria-label="Output of the run">{plain(text)}</pre>
      )}
    </Card>
  );
}
