// Webhooks: where the server tells what happens; how each fares; a test.
import {useState} from "preact/hooks";
import {call, post, words} from "./api";
import {clock, number, title} from "./format";
import {useLoad} from "./hooks";
import {notify} from "./notice";
import type {List, Webhook, WebhookTest} from "./types";
import {Card, CopyButton, Dialog, Empty, Fault, Field, Scroller} from "./ui";

/** Kinds of events, and whether a new webhook is told of them unless somebody says otherwise. */
const kinds: [string, string, boolean][] = [
  ["run_crashed", "a run crashed", true],
  ["run_failed", "a run failed", true],
  ["run_revived", "a run came back", true],
  ["run_preempted", "a run was preempted", false],
  ["run_finished", "a run finished", false],
  ["trial_requeued", "a configuration is handed out again", false],
  ["sweep_finished", "a sweep is over", true],
  ["sweep_paused", "a sweep was paused", true],
  ["sweep_resumed", "a sweep goes on", false],
  ["sweep_created", "a sweep was made", false],
  ["breaker_opened", "a breaker opened", true],
  ["target_reached", "a sweep reached its target", true],
  ["policy_changed", "a crash policy was changed", false],
  ["agent_lost", "an agent is lost", true],
  ["agent_quarantined", "an agent is in quarantine", true],
  ["mass_silence", "many runs fell silent together", true],
];

function AddWebhook({onClose, onDone}: {onClose: () => void; onDone: () => void}) {
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const [shape, setShape] = useState<Webhook["shape"]>("generic");
  const [sweep, setSweep] = useState("");
  const [chosen, setChosen] = useState(new Set(kinds.filter((k) => k[2]).map((k) => k[0])));
  const [made, setMade] = useState<(Webhook & {secret: string}) | null>(null);
  const [fault, setFault] = useState<unknown>(null);
  const add = async (e: Event) => {
    e.preventDefault();
    try {
      const all = chosen.size === kinds.length;
      setMade(await post("/api/v1/webhooks", {name, url, shape, ...(!all && {kinds: [...chosen]}), ...(sweep && {sweep})}));
      onDone();
    } catch (e) {
      setFault(e);
    }
  };
  const flip = (kind: string) => {
    const next = new Set(chosen);
    if (!next.delete(kind)) next.add(kind);
    setChosen(next);
  };
  if (made)
    return (
      <Dialog title={"Webhook " + made.name} onClose={onClose}>
        <p>What is sent is signed with this secret (HMAC-SHA256, header <code>Sweepd-Signature</code>). This is the only time it is shown.</p>
        <pre class="plain" tabIndex={0}>{made.secret}</pre>
        <footer><CopyButton text={made.secret} label="Copy" /><button type="button" class="button primary" onClick={onClose}>I have it</button></footer>
      </Dialog>
    );
  return (
    <Dialog title="New webhook" onClose={onClose}>
      <form onSubmit={add}>
        <Field label="Name">{(id) => <input id={id} type="text" required maxLength={128} value={name} onInput={(e) => setName(e.currentTarget.value)} />}</Field>
        <Field label="Address" hint="https://…; it is not shown again">
          {(id) => <input id={id} type="text" inputMode="url" required spellcheck={false} value={url} onInput={(e) => setUrl(e.currentTarget.value)} />}
        </Field>
        <Field label="Body" hint={shape === "slack" ? "an incoming webhook's text, for Slack and Mattermost" : "JSON with every event, for programs"}>
          {(id) => <select id={id} value={shape} onChange={(e) => setShape(e.currentTarget.value as Webhook["shape"])}><option value="generic">generic</option><option value="slack">Slack</option></select>}
        </Field>
        <Field label="Sweep" hint="its id; empty: all">{(id) => <input id={id} type="text" value={sweep} onInput={(e) => setSweep(e.currentTarget.value.trim())} />}</Field>
        <fieldset>
          <legend>Tell it when</legend>
          <div class="ticks">
            {kinds.map(([kind, means]) => (
              <label key={kind} class="check"><input type="checkbox" checked={chosen.has(kind)} onChange={() => flip(kind)} /> {means}</label>
            ))}
          </div>
        </fieldset>
        <Fault error={fault} />
        <footer><button type="button" class="button" onClick={onClose}>Cancel</button><button class="button primary" type="submit" disabled={chosen.size === 0}>Add webhook</button></footer>
      </form>
    </Dialog>
  );
}

function Row({w, onTested, onRemove}: {w: Webhook; onTested: () => void; onRemove: () => void}) {
  const [busy, setBusy] = useState(false);
  const test = async () => {
    setBusy(true);
    try {
      const done = await post<WebhookTest>(`/api/v1/webhooks/${w.id}/test`);
      notify(done.taken ? `${w.name} took it, in ${done.took_ms} ms` : `${w.name} did not take it: ${done.message}`, {bad: !done.taken});
    } catch (e) {
      notify(words(e), {bad: true});
    }
    setBusy(false);
    onTested();
  };
  return (
    <tr>
      <th scope="row">{w.name}<br /><small class="mono">{w.id}</small></th>
      <td>{w.to}<br /><small>{w.shape === "slack" ? "Slack" : "generic"}</small></td>
      <td class="wrap">{w.kinds.length ? w.kinds.map(title).join(", ") : "Everything"}{w.sweep && <><br /><small>of sweep <span class="mono">{w.sweep}</span></small></>}{w.project !== "*" && <><br /><small>of {w.project}</small></>}</td>
      <td class="num">{number(w.delivered)}{w.given_up > 0 && <><br /><small>{number(w.given_up)} given up</small></>}</td>
      <td class="wrap">{w.last_try ? clock(w.last_try) : "not tried yet"}{w.last_error && <><br /><span class="s-crashed">{w.last_error}</span></>}</td>
      <td>
        <div class="row">
          <button type="button" class="button" disabled={busy} aria-label={"Test " + w.name} onClick={test}>{busy ? "Testing…" : "Test"}</button>
          <button type="button" class="button danger" aria-label={"Remove " + w.name} onClick={onRemove}>Remove</button>
        </div>
      </td>
    </tr>
  );
}

export function Webhooks() {
  const {data, error, reload} = useLoad<List<Webhook>>("/api/v1/webhooks", (e) => e.type === "webhook_changed", 5000);
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Webhook | null>(null);
  const remove = async (w: Webhook) => {
    setRemoving(null);
    try {
      await call("DELETE", `/api/v1/webhooks/${w.id}`);
      notify(`Webhook ${w.name} is removed`);
    } catch (e) {
      notify(words(e), {bad: true});
    }
    reload();
  };
  return (
    <Card title="Webhooks" tools={<button type="button" class="button primary" onClick={() => setAdding(true)}>New webhook</button>}>
      <Fault error={error} />
      {data?.items.length === 0 && <Empty>No webhooks: nobody is told what happens who does not look here.</Empty>}
      {data && data.items.length > 0 && (
        <Scroller label="Webhooks">
          <table>
            <thead><tr><th scope="col">Name</th><th scope="col">Address</th><th scope="col">Is told</th><th scope="col" class="num">Delivered</th><th scope="col">Last try</th><th scope="col"><span class="visually-hidden">Test or remove</span></th></tr></thead>
            <tbody>{data.items.map((w) => <Row key={w.id} w={w} onTested={reload} onRemove={() => setRemoving(w)} />)}</tbody>
          </table>
        </Scroller>
      )}
      {adding && <AddWebhook onClose={() => setAdding(false)} onDone={reload} />}
      {removing && (
        <Dialog title={"Remove " + removing.name} onClose={() => setRemoving(null)}>
          <p>{removing.to} is told nothing more. What waits to be delivered is dropped.</p>
          <footer>
            <button type="button" class="button" onClick={() => setRemoving(null)}>Cancel</button>
            <button type="button" class="button danger" onClick={() => remove(removing)}>Remove</button>
          </footer>
        </Dialog>
      )}
    </Card>
  );
}
