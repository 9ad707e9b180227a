// Events as sentences: what happened, to what, by whom, why.
import {clock, runUrl, title, value} from "./format";
import type {Evidence, Json, LogEvent} from "./types";
import {A, Scroller, State} from "./ui";

const text = (v: Json | undefined) => (typeof v === "string" ? v : v === undefined || v === null ? "" : value(v));

export function Actor({e}: {e: LogEvent}) {
  const names = {system: "sweepd", policy: "policy", agent: "agent", user: "user"};
  return <>{names[e.actor.what]}{e.actor.id && <><br /><small class="mono">{e.actor.id}</small></>}</>;
}

export function EvidenceList({all}: {all: Evidence[]}) {
  if (all.length === 0) return null;
  return <ul class="evidence">{all.map((x, i) => <li key={i}><small><b>{x.source}</b>: {x.text}</small></li>)}</ul>;
}

/** What changed, beside the type's own name. */
function Change({e}: {e: LogEvent}) {
  const b = e.body;
  if (typeof b.from === "string" && typeof b.to === "string" && e.type !== "agent_moved" && e.type !== "breaker_moved" && e.type !== "run_health_changed")
    return <><State state={b.from} /> → <State state={b.to} />{b.revived === true && " (revived)"}</>;
  if (typeof b.from === "string" && typeof b.to === "string") return <>{b.from} → {b.to}</>;
  if (e.type === "trial_closed") return <>trial {text(b.trial)}{b.infeasible === true ? ", never tried again" : b.value !== null && b.value !== undefined ? `, value ${text(b.value)}` : ", without a value"}</>;
  if (e.type === "trial_requeued") return <>trial {text(b.trial)} is handed out again</>;
  if (e.type === "trial_drawn") return <>trial {text(b.trial)}</>;
  if (e.type === "run_offered") return <>trial {text(b.trial)}, attempt {text(b.attempt)}</>;
  if (e.type === "policy_would") return <>would: {text(b.action)}</>;
  if (e.type === "policy_changed") return <>version {text(b.version)}</>;
  if (e.type === "agent_joined") return <>{text(b.agent_name)} on {text(b.host) || "an unnamed host"}</>;
  if (e.type === "webhook_changed") return <>{text(b.title)} to {text(b.to)} {text(b.what)}</>;
  if (e.type === "outage_noted") return <>{text(b.what)}</>;
  return null;
}

export function EventTable({events, project, ofRun, busy}: {events: LogEvent[]; project?: string; ofRun?: boolean; busy?: boolean}) {
  return (
    <Scroller label="Events" busy={busy}>
      <table>
        <thead>
          <tr>
            <th scope="col">When</th><th scope="col">What</th>
            {!ofRun && <th scope="col">Run</th>}
            <th scope="col">Change</th><th scope="col">Cause, rule, reason</th><th scope="col">By</th>
          </tr>
        </thead>
        <tbody>
          {events.map((e) => {
            const b = e.body;
            const cause = typeof b.cause === "string" && b.cause !== "none" ? b.cause.replace(/_/g, " ") : "";
            return (
              <tr key={e.seq}>
                <td class="nowrap"><time dateTime={e.at ?? ""} title={"event " + e.seq}>{clock(e.at)}</time></td>
                <td class="nowrap">{title(e.type)}</td>
                {!ofRun && <td class="mono">{e.run ? (project ? <A href={runUrl(project, e.run)}>{e.run}</A> : e.run) : "–"}</td>}
                <td><Change e={e} /></td>
                <td class="wrap">
                  {cause && <b>{cause}</b>} {text(b.reason)} {text(b.rule) && <small> by {text(b.rule)}</small>}
                  {Array.isArray(b.why) && <EvidenceList all={b.why as unknown as Evidence[]} />}
                </td>
                <td><Actor e={e} /></td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scroller>
  );
}
