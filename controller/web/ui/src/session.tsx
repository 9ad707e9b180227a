// Who is signed in, and what they may do: what a role may not do is not offered.
import {createContext} from "preact";
import {useContext, useState} from "preact/hooks";
import {Problem, call, keepKey, words} from "./api";
import type {WhoAmI} from "./types";
import {Field, Icon} from "./ui";

export const Who = createContext<WhoAmI>({key: "", role: "viewer", project: "*", durable_seq: 0});

/** May the signed-in key change sweeps and runs? */
export function useOperator(): boolean {
  const {role} = useContext(Who);
  return role === "operator" || role === "admin";
}

export function useAdmin(): boolean {
  return useContext(Who).role === "admin";
}

export function Login({onDone, offline}: {onDone: () => void; offline: boolean}) {
  const [text, setText] = useState("");
  const [keep, setKeep] = useState(false);
  const [fault, setFault] = useState("");
  const submit = async (e: Event) => {
    e.preventDefault();
    const given = text.trim();
    try {
      const headers = {Authorization: "Bearer " + given};
      await call<WhoAmI>("GET", "/api/v1/whoami", undefined, {headers});
      keepKey(given, keep);
      onDone();
    } catch (e) {
      const no = e instanceof Problem && e.status === 401;
      setFault(no ? "This key is not valid here: unknown, revoked or expired." : words(e));
    }
  };
  return (
    <main class="login">
      <form class="card" onSubmit={submit}>
        <h1><img src="/assets/icon.svg" alt="" width="28" height="28" /> sweepd</h1>
        {offline && <p class="fault"><Icon name="crashed" /> The server cannot be reached.</p>}
        <p>Sign in with an API key. An administrator makes one with <code>sweepd keys create</code>.</p>
        <Field label="API key">
          {(id) => (
            <input id={id} type="password" autocomplete="current-password" spellcheck={false} required value={text}
              onInput={(e) => setText(e.currentTarget.value)} />
          )}
        </Field>
        <label class="check">
          <input type="checkbox" checked={keep} onChange={(e) => setKeep(e.currentTarget.checked)} /> Stay signed in on this
          browser
        </label>
        {fault && <p class="fault" role="alert"><Icon name="crashed" /> {fault}</p>}
        <button class="button primary" type="submit">Sign in</button>
      </form>
    </main>
  );
}
