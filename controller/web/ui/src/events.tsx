// The event log, newest first, as it grows; and whether its hash chain is whole.
import {useEffect, useState} from "preact/hooks";
import {get, query, words} from "./api";
import {EventTable} from "./event_table";
import {useLoad, useParam} from "./hooks";
import {useAdmin} from "./session";
import type {List, LogEvent} from "./types";
import {Card, Empty, Fault, Icon} from "./ui";

const kinds = [
  "sweep_created", "sweep_moved", "sweep_tuned", "sweep_changed", "controller_written", "policy_changed", "policy_would", "run_offered", "run_moved", "run_health_changed",
  "run_deleted", "run_restored", "run_purged",
  "trial_requeued", "trial_closed", "agent_joined", "agent_moved", "agent_quarantined", "breaker_moved", "mass_silence_changed",
  "outage_noted", "key_created", "key_revoked", "webhook_changed", "artifact_changed",
];

interface Chain {
  ok: boolean;
  broken_at: number | null;
  last_seq: number;
  head: string | null;
}

export function Events() {
  const admin = useAdmin();
  const [type, setType] = useParam("type");
  const [since, setSince] = useParam("since");
  const [chain, setChain] = useState<Chain | null>(null);
  const [fault, setFault] = useState("");
  const path = query("/api/v1/events", {type, since, order: "newest", limit: 300});
  const {data, error, stale} = useLoad<List<LogEvent>>(path, () => true);
  useEffect(() => {
    document.title = "Events · sweepd";
  }, []);
  const verify = () => get<Chain>("/api/v1/events/verify").then(setChain, (e) => setFault(words(e)));
  return (
    <>
      <div class="heading">
        <h1>Events</h1>
        <div class="tools">
          <label class="check">
            What
            <select value={type} onChange={(e) => setType(e.currentTarget.value)}>
              <option value="">everything</option>
              {kinds.map((k) => <option key={k} value={k}>{k.replace(/_/g, " ")}</option>)}
            </select>
          </label>
          <label class="check">
            Since
            <select value={since} onChange={(e) => setSince(e.currentTarget.value)}>
              <option value="">the beginning</option><option value="1h">1 hour</option><option value="24h">1 day</option><option value="7d">7 days</option>
            </select>
          </label>
          {admin && <button type="button" class="button" onClick={verify}>Verify the log</button>}
        </div>
      </div>
      <Fault error={error ?? (fault || null)} />
      {chain && (
        <p class={chain.ok ? "hint good" : "fault"} role="status">
          <Icon name={chain.ok ? "finished" : "crashed"} />{" "}
          {chain.ok ? `All ${chain.last_seq} events are as they were written. Head: ` : `The chain breaks at event ${chain.broken_at}. `}
          {chain.head && <span class="mono">{chain.head}</span>}
        </p>
      )}
      <Card>{data && (data.items.length ? <EventTable events={data.items} busy={stale} /> : <Empty>Nothing happened yet.</Empty>)}</Card>
    </>
  );
}
