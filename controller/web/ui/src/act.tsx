// Doing something to runs: always first what it would do (the API's own preview: what each run holds and what
// would be released), then a reason, then done; and the way back while there is one.
import {useEffect, useState} from "preact/hooks";
import {post, words} from "./api";
import {plural, sweepApi, title} from "./format";
import {notify} from "./notice";
import type {BulkDone, BulkPreview, Run, RunAction} from "./types";
import {isLive} from "./types";
import type {MenuItem} from "./ui";
import {Dialog, Empty, Fault, Field, Scroller, State} from "./ui";

export interface Target {
  /** either these runs, or all that match; the filter of POST /api/v1/runs/actions */
  ids?: string[];
  filter?: Record<string, string>;
  words: string;
}

export const actionNames: Record<RunAction, string> = {
  mark_failed: "Mark as failed",
  stop: "Stop",
  requeue: "Requeue",
  infeasible: "Never try again",
  undo: "Undo",
  delete: "Delete",
};

const explains: Record<RunAction, string> = {
  mark_failed: "The runs become failed and hold nothing from then on. It can be undone for a while.",
  stop: "Their agents are told to stop them until they obey; the runs become killed.",
  requeue: "Their configurations are handed out again.",
  infeasible: "Their configurations are closed: they are never tried again.",
  undo: "The last mark or deletion is taken back: each run is again what it was before.",
  delete: "The runs disappear from every list; their history, output and files are removed when the time to undo it is over. Their configurations are not tried again by that: requeue them first.",
};

const rowsShown = 200;

/** Which actions make sense for a run in that state; the preview has the last word. */
export function actionsFor(r: Run): RunAction[] {
  if (r.deleted) return r.can_undo ? ["undo"] : [];
  const out: RunAction[] = [];
  if (r.state !== "failed" && r.state !== "finished" && r.state !== "killed") out.push("mark_failed");
  if (isLive(r.state)) out.push("stop");
  if (!isLive(r.state)) out.push("requeue", "infeasible");
  if (r.can_undo) out.push("undo");
  if (!isLive(r.state)) out.push("delete");
  return out;
}

export function runMenu(r: Run, choose: (a: RunAction, t: Target) => void, more: MenuItem[] = []): MenuItem[] {
  const target = {ids: [r.id], words: `run ${r.id}`};
  return [...more, ...actionsFor(r).map((a) => ({label: actionNames[a], act: () => choose(a, target)}))];
}

function PreviewTable({preview}: {preview: BulkPreview}) {
  return (
    <Scroller label="What would happen">
      <table>
        <thead>
          <tr><th scope="col">Run</th><th scope="col">State</th><th scope="col">Holds</th><th scope="col">Would release</th></tr>
        </thead>
        <tbody>
          {preview.items.slice(0, rowsShown).map((i) => (
            <tr key={i.run}>
              <th scope="row" class="mono">{i.run}</th>
              <td><State state={i.state} /></td>
              <td>{i.holds.join(", ") || "nothing"}</td>
              <td>{i.refused ? <span class="s-crashed">left alone: {i.refused}</span> : i.releases.join(", ") || "nothing"}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {preview.items.length > rowsShown && <small>and {plural(preview.items.length - rowsShown, "more run")}</small>}
    </Scroller>
  );
}

export function ActDialog(props: {action: RunAction; target: Target; onClose: () => void; onDone: () => void}) {
  const {action, target} = props;
  const [preview, setPreview] = useState<BulkPreview | null>(null);
  const [reason, setReason] = useState("");
  const [force, setForce] = useState(false);
  const [fault, setFault] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const what = {action, force, ...(target.ids ? {ids: target.ids} : {filter: target.filter})};

  const look = async () => {
    try {
      setPreview(await post<BulkPreview>("/api/v1/runs/actions", what));
    } catch (e) {
      setFault(e);
    }
  };
  useEffect(() => {
    setPreview(null);
    void look();
  }, [force]);

  const perform = async () => {
    setBusy(true);
    setFault(null);
    try {
      const done = await post<BulkDone>("/api/v1/runs/actions", {...what, reason, confirm: preview!.confirm});
      const ids = done.items.filter((i) => i.ok).map((i) => i.run);
      const refused = done.items.filter((i) => !i.ok);
      const back = (action === "mark_failed" || action === "delete") && ids.length > 0;
      notify(`${actionNames[action]}: ${plural(done.done, "run")}` + (refused.length ? `, ${refused.length} left alone` : ""), {
        undo: back ? () => void undo(ids, props.onDone) : undefined,
      });
      props.onDone();
      props.onClose();
    } catch (e) {
      setBusy(false);
      setFault(e);
      await look();
    }
  };
  const refusable = preview?.items.some((i) => i.refused);
  return (
    <Dialog title={`${actionNames[action]}: ${target.words}`} onClose={props.onClose} wide>
      <p>{explains[action]}</p>
      <Fault error={fault} />
      {!preview && !fault && <Empty>Looking…</Empty>}
      {preview && (
        <>
          <p><b>{plural(preview.would, "run")}</b> would change, of {preview.items.length} looked at.</p>
          <PreviewTable preview={preview} />
        </>
      )}
      {(refusable || force) && ["mark_failed", "requeue", "infeasible"].includes(action) && (
        <label class="check">
          <input type="checkbox" checked={force} onChange={(e) => setForce(e.currentTarget.checked)} /> Also those that may be alive or have
          finished (force)
        </label>
      )}
      <Field label="Reason" hint="kept in the event log">
        {(id) => <input id={id} type="text" maxLength={2000} value={reason} onInput={(e) => setReason(e.currentTarget.value)} />}
      </Field>
      <footer>
        <button type="button" class="button" onClick={props.onClose}>Cancel</button>
        <button type="button" class={"button " + (action === "undo" ? "primary" : "danger")} disabled={busy || !preview || preview.would === 0} onClick={perform}>
          {actionNames[action]} {preview ? `(${preview.would})` : ""}
        </button>
      </footer>
    </Dialog>
  );
}

/** Takes back what was just done; says what came of it. */
export async function undo(ids: string[], then: () => void) {
  try {
    const what = {action: "undo", ids};
    const preview = await post<BulkPreview>("/api/v1/runs/actions", what);
    const done = await post<BulkDone>("/api/v1/runs/actions", {...what, reason: "undone on the page", confirm: preview.confirm});
    notify(`Undone: ${plural(done.done, "run")}` + (done.failed ? `; ${done.failed} could not be` : ""), {bad: done.done === 0});
  } catch (e) {
    notify(words(e), {bad: true});
  }
  then();
}

export type Verb = "pause" | "resume" | "stop" | "cancel";
const verbWords: Record<Verb, string> = {
  pause: "Nothing new is handed out; live runs go on.",
  resume: "Runs are handed out again.",
  stop: "Nothing new is handed out, and the sweep finishes when its live runs end.",
  cancel: "The live runs are killed too, and the sweep is over.",
};

/** One of W&B's four verbs, with a reason. */
export function VerbDialog(props: {verb: Verb; sweep: string; name: string; live: number; onClose: () => void; onDone: () => void}) {
  const [reason, setReason] = useState("");
  const [fault, setFault] = useState<unknown>(null);
  const perform = async () => {
    try {
      await post(`${sweepApi(props.sweep)}/${props.verb}`, {reason});
      notify(`${title(props.verb)}: ${props.name}`);
      props.onDone();
      props.onClose();
    } catch (e) {
      setFault(e);
    }
  };
  return (
    <Dialog title={`${title(props.verb)} ${props.name}`} onClose={props.onClose}>
      <p>{verbWords[props.verb]}</p>
      {props.verb === "cancel" && <p><b>{plural(props.live, "live run")}</b> would be killed.</p>}
      <Fault error={fault} />
      <Field label="Reason" hint="kept in the event log">
        {(id) => <input id={id} type="text" maxLength={2000} value={reason} onInput={(e) => setReason(e.currentTarget.value)} />}
      </Field>
      <footer>
        <button type="button" class="button" onClick={props.onClose}>Back</button>
        <button type="button" class={"button " + (props.verb === "cancel" ? "danger" : "primary")} onClick={perform}>{title(props.verb)}</button>
      </footer>
    </Dialog>
  );
}
