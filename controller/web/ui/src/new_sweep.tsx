// A new sweep from a pasted file, checked while one types.
import {useEffect, useState} from "preact/hooks";
import {Problem, post, words} from "./api";
import {Editor} from "./editor";
import {number, sweepUrl} from "./format";
import {navigate, useSettled} from "./hooks";
import {useOperator} from "./session";
import type {FileProblem, Sweep, Validation} from "./types";
import {A, Card, Empty, Field, Icon} from "./ui";

const example = `program: train.py
method: bayes
metric: {name: loss, goal: minimize}
run_cap: 50
parameters:
  lr: {distribution: log_uniform_values, min: 0.0001, max: 0.1}
  batch_size: {values: [16, 32, 64]}
`;
const checkAfterMs = 250;

export function NewSweep() {
  const operator = useOperator();
  const [text, setText] = useState("");
  const [project, setProject] = useState("");
  const [name, setName] = useState("");
  const [checked, setChecked] = useState<Validation | null>(null);
  const [problems, setProblems] = useState<FileProblem[]>([]);
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const settled = useSettled(text, checkAfterMs);

  useEffect(() => {
    document.title = "New sweep · sweepd";
  }, []);
  useEffect(() => {
    let stale = false;
    setFault("");
    if (settled.trim() === "") {
      setChecked(null);
      setProblems([]);
      return;
    }
    post<Validation>("/api/v1/validate", {yaml: settled}).then(
      (v) => {
        if (stale) return;
        setChecked(v);
        setProblems(v.problems);
      },
      (e) => !stale && setFault(words(e)),
    );
    return () => {
      stale = true;
    };
  }, [settled]);

  const launch = async () => {
    setBusy(true);
    setFault("");
    try {
      const body = {yaml: text, ...(project && {project}), ...(name && {name})};
      const made = await post<Sweep>("/api/v1/sweeps", body);
      navigate(sweepUrl(made));
    } catch (e) {
      setBusy(false);
      if (e instanceof Problem && e.problems.length > 0) setProblems(e.problems);
      else setFault(words(e));
    }
  };
  if (!operator) return <Empty>Your key may look, not launch: that takes the role operator.</Empty>;
  const file = checked?.ok ? checked.sweep : undefined;
  const ready = checked?.ok === true && settled === text && !busy;
  return (
    <>
      <div>
        <div class="crumbs"><A href="/">All sweeps</A></div>
        <h1>New sweep</h1>
      </div>
      <div class="columns">
        <Card title="Sweep file" tools={text === "" && <button type="button" class="button" onClick={() => setText(example)}>Start from an example</button>}>
          <Editor label="Sweep file (YAML)" text={text} onText={setText} problems={problems} />
        </Card>
        <Card title="Launch">
          {!checked && <p class="faint">Paste a sweep file, as W&amp;B reads it. It is checked as you type.</p>}
          {checked && !checked.ok && (
            <p class="fault"><Icon name="failed" /> {problems.length === 1 ? "One problem" : `${problems.length} problems`}; nothing is launched yet.</p>
          )}
          {file && (
            <>
              <p class="good"><Icon name="finished" /> This file is a sweep.</p>
              <dl class="tiles">
                <div><dt>Method</dt><dd>{file.method}</dd></div>
                <div><dt>Metric</dt><dd>{file.metric.name ? `${file.metric.goal} ${file.metric.name}` : "none"}</dd></div>
                <div><dt>Configurations</dt><dd>{file.size === null ? "unlimited" : number(file.size)}</dd></div>
                <div><dt>Runs at most</dt><dd>{file.run_cap === null ? "no limit" : number(file.run_cap)}</dd></div>
              </dl>
            </>
          )}
          <Field label="Project" hint="ENTITY/PROJECT; empty: the file's own, or the default">
            {(id) => <input id={id} type="text" value={project} onInput={(e) => setProject(e.currentTarget.value)} />}
          </Field>
          <Field label="Name" hint="empty: the file's own">
            {(id) => <input id={id} type="text" value={name} onInput={(e) => setName(e.currentTarget.value)} />}
          </Field>
          {fault && <p class="fault" role="alert"><Icon name="crashed" /> {fault}</p>}
          <button type="button" class="button primary" disabled={!ready} onClick={launch}>Launch sweep</button>
        </Card>
      </div>
    </>
  );
}
