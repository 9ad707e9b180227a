// A sweep's crash policy: edited with every mistake at its line, shown against the runs as they are before it is
// in force, replayed over what happened, switched between observing and enforcing; all versions and who made them.
import {useEffect, useState} from "preact/hooks";
import {Problem, call, post, words} from "./api";
import {Editor} from "./editor";
import {clock, duration, number, runUrl, sweepApi} from "./format";
import {useLoad, useSettled} from "./hooks";
import {notify} from "./notice";
import {useOperator} from "./session";
import type {FileProblem, PolicyPreview, PolicyView, Replay, Sweep} from "./types";
import {A, Card, Empty, Fault, Field, Scroller, State} from "./ui";

const checkAfterMs = 350;
const modes = [
  ["enforce", "Enforce", "what the rules say is done"],
  ["observe", "Observe", "what they would do is recorded, and nothing is done"],
  ["off", "Off", "W&B's own behaviour only"],
] as const;

/** The file with another mode; the line is added when there is none. */
export function withMode(yaml: string, mode: string): string {
  if (/^ *mode:.*$/m.test(yaml)) return yaml.replace(/^( *)mode:.*$/m, `$1mode: ${mode}`);
  const head = /^crash_policy:.*\n/m;
  return head.test(yaml) ? yaml.replace(head, `crash_policy:\n  mode: ${mode}\n`) : `mode: ${mode}\n` + yaml;
}

/** "59m15s761ms" -> "59m15s" */
const coarse = (d: string) => (/^\d+ms$/.test(d) ? d : d.replace(/\d+ms$/, ""));

function PreviewRows({preview, project}: {preview: PolicyPreview; project: string}) {
  if (preview.actions.length === 0) return <Empty>It would do nothing within {preview.ahead}, if nothing changes.</Empty>;
  return (
    <Scroller label="What the policy would do">
      <table>
        <thead>
          <tr><th scope="col">Run</th><th scope="col">From</th><th scope="col">To</th><th scope="col">In</th><th scope="col">Rule</th><th scope="col">Releases</th><th scope="col">Then</th></tr>
        </thead>
        <tbody>
          {preview.actions.slice(0, 50).map((a) => (
            <tr key={a.run}>
              <th scope="row"><A class="mono" href={runUrl(project, a.run)}>{a.run}</A></th>
              <td><State state={a.from} /></td>
              <td><State state={a.to} /></td>
              <td class="nowrap">{coarse(a.due_in)}</td>
              <td class="wrap">{a.rule}</td>
              <td>{a.releases.join(", ")}</td>
              <td>{a.then}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroller>
  );
}

function ReplayCard({sweep, yaml, valid}: {sweep: Sweep; yaml: string; valid: boolean}) {
  const [since, setSince] = useState("7d");
  const [found, setFound] = useState<Replay | null>(null);
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    setFault("");
    try {
      setFound(await post<Replay>(sweepApi(sweep.id) + "/policy/replay", {yaml, since}));
    } catch (e) {
      setFault(words(e));
    }
    setBusy(false);
  };
  return (
    <Card
      title="Replay over history"
      tools={
        <>
          <label class="check">
            Over the last
            <select value={since} onChange={(e) => setSince(e.currentTarget.value)}>
              {["1h", "24h", "7d", "30d"].map((d) => <option key={d}>{d}</option>)}
            </select>
          </label>
          <button type="button" class="button" disabled={!valid || busy} onClick={run}>Replay this text</button>
        </>
      }
    >
      <Fault error={fault || null} />
      {!found && !fault && <p class="faint">What the text in the editor would have done over what really happened: marks, marks that would have been wrong, and time saved.</p>}
      {found && (
        <>
          <dl class="tiles">
            <div><dt>Silences looked at</dt><dd><b>{number(found.silences)}</b> of {number(found.runs)} runs</dd></div>
            <div><dt>Would be crashed</dt><dd><b>{number(found.marks_crashed)}</b>, {number(found.false_crashed)} wrongly</dd></div>
            <div><dt>Would be failed</dt><dd><b>{number(found.marks_failed)}</b>, {number(found.false_failed)} wrongly</dd></div>
            <div><dt>Held by dead runs</dt><dd>{duration(found.slot_seconds_held_policy * 1000)}, was {duration(found.slot_seconds_held_recorded * 1000)}</dd></div>
          </dl>
          {found.rows.length > 0 && (
            <Scroller label="Silences">
              <table>
                <thead><tr><th scope="col">Run</th><th scope="col">Silent from</th><th scope="col" class="num">For</th><th scope="col">Came back</th><th scope="col">Would</th></tr></thead>
                <tbody>
                  {found.rows.slice(0, 50).map((r, i) => (
                    <tr key={i}>
                      <th scope="row"><A class="mono" href={runUrl(sweep.project, r.run)}>{r.run}</A></th>
                      <td>{clock(r.silent_from)}</td>
                      <td class="num">{duration(r.silent_seconds * 1000)}</td>
                      <td>{r.came_back ? "yes" : "no"}</td>
                      <td>{r.would}{r.false_mark ? " – wrongly" : ""}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroller>
          )}
          {found.notes.map((n) => <p key={n} class="faint">{n}</p>)}
        </>
      )}
    </Card>
  );
}

export function PolicyPanel({sweep}: {sweep: Sweep}) {
  const operator = useOperator();
  const path = sweepApi(sweep.id) + "/policy";
  const {data, error, reload} = useLoad<PolicyView>(path, (e) => e.sweep === sweep.id && e.type === "policy_changed");
  const [text, setText] = useState<string | null>(null);
  const [reason, setReason] = useState("");
  const [problems, setProblems] = useState<FileProblem[]>([]);
  const [preview, setPreview] = useState<PolicyPreview | null>(null);
  const [fault, setFault] = useState<unknown>(null);
  const shown = text ?? data?.yaml ?? "";
  const settled = useSettled(shown, checkAfterMs);
  useEffect(() => {
    if (!settled) return;
    let stale = false;
    post<PolicyPreview>(path + "/preview", {yaml: settled, source: "policy.yaml"}).then(
      (p) => {
        if (stale) return;
        setPreview(p);
        setProblems([]);
        setFault(null);
      },
      (e) => {
        if (stale) return;
        setPreview(null);
        if (e instanceof Problem && e.problems.length > 0) setProblems(e.problems);
        else setFault(e);
      },
    );
    return () => {
      stale = true;
    };
  }, [settled]);
  if (!data) return <Fault error={error} />;

  const save = async (yaml: string, why: string) => {
    try {
      await call("PUT", path, {yaml, source: "policy.yaml", reason: why, if_hash: data.hash});
      notify("The policy is in force");
      setText(null);
      setReason("");
      reload();
    } catch (e) {
      if (e instanceof Problem && e.problems.length > 0) setProblems(e.problems);
      else setFault(e);
    }
  };
  const changed = text !== null && text !== data.yaml;
  const valid = preview !== null && settled === shown;
  return (
    <>
      <Card title={`Crash policy, version ${data.version}`}>
        <div class="row" role="group" aria-label="Mode">
          {modes.map(([mode, name, means]) => (
            <button key={mode} type="button" class="button" aria-pressed={data.mode === mode} title={means}
              disabled={(!operator || changed) && data.mode !== mode} onClick={() => data.mode !== mode && save(withMode(data.yaml, mode), `mode ${mode}`)}>
              {name}
            </button>
          ))}
          <small>{modes.find(([m]) => m === data.mode)?.[2]}{changed ? "; save or drop your changes to switch" : ""}</small>
        </div>
        <h3>{operator ? "Edit" : "Text"}</h3>
        <Editor label="Crash policy (YAML)" text={shown} onText={setText} problems={problems} readOnly={!operator} />
        <Fault error={fault} />
        {operator && (
          <div class="row">
            <Field label="Reason" hint="kept in the event log">
              {(id) => <input id={id} type="text" value={reason} onInput={(e) => setReason(e.currentTarget.value)} />}
            </Field>
            <button type="button" class="button primary" disabled={!changed || !valid} onClick={() => save(shown, reason)}>Put in force</button>
            {changed && <button type="button" class="button" onClick={() => setText(null)}>Drop changes</button>}
          </div>
        )}
      </Card>
      <Card title={changed ? "Preview of this text" : "What it does next"}>
        {problems.length > 0 && <Empty>There is no preview of a text with problems.</Empty>}
        {preview && <PreviewRows preview={preview} project={sweep.project} />}
      </Card>
      <ReplayCard sweep={sweep} yaml={shown} valid={valid} />
      <Card title="Versions">
        <Scroller label="Versions">
          <table>
            <thead><tr><th scope="col" class="num">Version</th><th scope="col">When</th><th scope="col">By</th><th scope="col">Reason</th><th scope="col">Hash</th></tr></thead>
            <tbody>
              {data.versions.map((v) => (
                <tr key={v.version}>
                  <th scope="row" class="num">{v.version}</th>
                  <td class="nowrap">{clock(v.at)}</td>
                  <td class="mono">{v.by}</td>
                  <td class="wrap">{v.reason || "–"}</td>
                  <td class="mono">{v.hash.slice(0, 12)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroller>
      </Card>
    </>
  );
}
