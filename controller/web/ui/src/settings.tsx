// Who you are here, how the server is, its keys (made, shown once, revoked) and its webhooks.
import {useContext, useEffect, useState} from "preact/hooks";
import {call, post, words} from "./api";
import {clock, number} from "./format";
import {useLoad} from "./hooks";
import {notify} from "./notice";
import {Who, useAdmin} from "./session";
import type {ApiKey, List, Role, Status} from "./types";
import {Card, CopyButton, Dialog, Empty, Fault, Field, Scroller} from "./ui";
import {Webhooks} from "./webhooks";

const roles: Record<Role, string> = {
  viewer: "looks, changes nothing",
  agent: "runs what sweeps hand out",
  operator: "launches and changes sweeps, marks runs, sets policies",
  admin: "all of it, and keys",
};

function MakeKey({onClose, onDone}: {onClose: () => void; onDone: () => void}) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [project, setProject] = useState("*");
  const [days, setDays] = useState("");
  const [secret, setSecret] = useState("");
  const [fault, setFault] = useState<unknown>(null);
  const make = async (e: Event) => {
    e.preventDefault();
    try {
      const made = await post<ApiKey & {key: string}>("/api/v1/keys", {name, role, project, ...(days && {expires_in: days})});
      setSecret(made.key);
      onDone();
    } catch (e) {
      setFault(e);
    }
  };
  if (secret)
    return (
      <Dialog title={"Key " + name} onClose={onClose}>
        <p>This is the only time it is shown. Keep it where it belongs.</p>
        <pre class="plain" tabIndex={0}>{secret}</pre>
        <footer><CopyButton text={secret} label="Copy" /><button type="button" class="button primary" onClick={onClose}>I have it</button></footer>
      </Dialog>
    );
  return (
    <Dialog title="New key" onClose={onClose}>
      <form onSubmit={make}>
        <Field label="Name">{(id) => <input id={id} type="text" required maxLength={128} value={name} onInput={(e) => setName(e.currentTarget.value)} />}</Field>
        <Field label="Role" hint={roles[role]}>
          {(id) => <select id={id} value={role} onChange={(e) => setRole(e.currentTarget.value as Role)}>{Object.keys(roles).map((r) => <option key={r}>{r}</option>)}</select>}
        </Field>
        <Field label="Project" hint="ENTITY/PROJECT, or * for all">{(id) => <input id={id} type="text" required value={project} onInput={(e) => setProject(e.currentTarget.value)} />}</Field>
        <Field label="Expires in" hint="for example 30d; empty: never">{(id) => <input id={id} type="text" value={days} onInput={(e) => setDays(e.currentTarget.value)} />}</Field>
        <Fault error={fault} />
        <footer><button type="button" class="button" onClick={onClose}>Cancel</button><button class="button primary" type="submit">Make key</button></footer>
      </form>
    </Dialog>
  );
}

function Keys() {
  const {data, error, reload} = useLoad<List<ApiKey>>("/api/v1/keys?limit=1000", (e) => e.type.startsWith("key_"));
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const revoke = async (k: ApiKey) => {
    setRevoking(null);
    try {
      await call("DELETE", `/api/v1/keys/${k.id}`);
      notify(`Key ${k.name} is revoked`);
      reload();
    } catch (e) {
      notify(words(e), {bad: true});
    }
  };
  return (
    <Card title="Keys" tools={<button type="button" class="button primary" onClick={() => setMaking(true)}>New key</button>}>
      <Fault error={error} />
      {data?.items.length === 0 && <Empty>No keys: everybody on this machine is an admin. The first key must be an admin's, of all projects (*).</Empty>}
      {data && data.items.length > 0 && (
        <Scroller label="Keys">
          <table>
            <thead><tr><th scope="col">Name</th><th scope="col">Id</th><th scope="col">Role</th><th scope="col">Project</th><th scope="col">Made</th><th scope="col">Expires</th><th scope="col">Usable</th><th scope="col"><span class="visually-hidden">Revoke</span></th></tr></thead>
            <tbody>
              {data.items.map((k) => (
                <tr key={k.id}>
                  <th scope="row">{k.name}</th><td class="mono">{k.id}</td><td>{k.role}</td><td>{k.project}</td>
                  <td class="nowrap">{clock(k.created)}</td><td class="nowrap">{k.expires ? clock(k.expires) : "never"}</td>
                  <td>{k.usable ? "yes" : k.revoked ? "revoked" : "expired"}</td>
                  <td>{k.usable && <button type="button" class="button danger" aria-label={"Revoke " + k.name} onClick={() => setRevoking(k)}>Revoke</button>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroller>
      )}
      {making && <MakeKey onClose={() => setMaking(false)} onDone={reload} />}
      {revoking && (
        <Dialog title={"Revoke " + revoking.name} onClose={() => setRevoking(null)}>
          <p>Whoever uses this key ({revoking.role}, {revoking.project}) is refused from now on. This cannot be undone.</p>
          <footer>
            <button type="button" class="button" onClick={() => setRevoking(null)}>Cancel</button>
            <button type="button" class="button danger" onClick={() => revoke(revoking)}>Revoke</button>
          </footer>
        </Dialog>
      )}
    </Card>
  );
}

export function Settings() {
  const who = useContext(Who);
  const admin = useAdmin();
  const {data} = useLoad<Status>("/api/v1/status", undefined, 5000);
  useEffect(() => {
    document.title = "Settings · sweepd";
  }, []);
  return (
    <>
      <h1>Settings</h1>
      <div class="columns">
        <Card title="You">
          <dl class="tiles">
            <div><dt>Key</dt><dd class="mono">{who.key}</dd></div>
            <div><dt>Role</dt><dd>{who.role}: {roles[who.role]}</dd></div>
            <div><dt>Project</dt><dd>{who.project === "*" ? "all" : who.project}</dd></div>
          </dl>
        </Card>
        <Card title="Server">
          {data && (
            <dl class="tiles">
              <div><dt>Version</dt><dd>{data.version}</dd></div>
              <div><dt>Condition</dt><dd>{data.disk_full ? "disk full: read-only" : data.ready ? "ready" : "not ready"}</dd></div>
              <div><dt>Events</dt><dd>{number(data.durable_seq)}</dd></div>
            </dl>
          )}
          <p><a href="/openapi.json">The REST API's document</a></p>
        </Card>
      </div>
      {admin && <Keys />}
      {admin && <Webhooks />}
    </>
  );
}
