// The shell: sign-in, navigation, which page an address means.
import {render} from "preact";
import {useContext, useEffect, useState} from "preact/hooks";
import {Problem, get, keepKey, key, whenUnauthorized} from "./api";
import {useLiveState, usePath} from "./hooks";
import {startLive, stopLive} from "./live";
import {Notices} from "./notice";
import {Agents} from "./agents";
import {Events} from "./events";
import {NewSweep} from "./new_sweep";
import {Policies} from "./policies";
import {RunPage} from "./run";
import {Login, Who} from "./session";
import {Settings} from "./settings";
import {SweepPage} from "./sweep";
import {Sweeps} from "./sweeps";
import {currentTheme, setTheme} from "./theme";
import type {WhoAmI} from "./types";
import {A, Icon} from "./ui";
import "./style.css";

const nav = [
  ["/", "Sweeps"],
  ["/policies", "Policies"],
  ["/agents", "Agents"],
  ["/events", "Events"],
  ["/settings", "Settings"],
];

function Page() {
  const {pathname} = usePath();
  const parts = pathname.split("/").filter(Boolean).map(decodeURIComponent);
  const one: Record<string, () => preact.JSX.Element> = {
    new: NewSweep,
    policies: Policies,
    agents: Agents,
    events: Events,
    settings: Settings,
  };
  if (parts.length === 0) return <Sweeps project="" />;
  if (parts.length === 1 && one[parts[0]]) {
    const Chosen = one[parts[0]];
    return <Chosen />;
  }
  if (parts.length === 2) return <Sweeps project={parts.join("/")} />;
  if (parts.length === 4 && parts[2] === "sweeps") return <SweepPage key={parts[3]} id={parts[3]} />;
  if (parts.length === 4 && parts[2] === "runs") return <RunPage key={parts[3]} id={parts[3]} />;
  return (
    <>
      <h1>There is nothing here</h1>
      <p><A href="/">All sweeps</A></p>
    </>
  );
}

function Live() {
  const state = useLiveState();
  const said = {live: "Live", connecting: "Reconnecting", off: "Not live"}[state];
  return (
    <span class={"state s-" + state} title="Whether this page is told of changes as they happen">
      <Icon name={state} /> {said}
    </span>
  );
}

function Header({onSignOut}: {onSignOut: () => void}) {
  const {pathname} = usePath();
  const who = useContext(Who);
  const [theme, set] = useState(currentTheme());
  const flip = () => {
    const next = theme === "dark" ? "light" : "dark";
    setTheme(next);
    set(next);
  };
  const here = (href: string) => (href === "/" ? pathname === "/" || pathname.split("/").length > 2 : pathname === href);
  return (
    <header class="top">
      <a class="skip" href="#main">Skip to content</a>
      <A class="brand" href="/"><img src="/assets/icon.svg" alt="" width="24" height="24" /> sweepd</A>
      <nav aria-label="Pages">
        {nav.map(([href, name]) => (
          <A key={href} href={href} aria-current={here(href) ? "page" : undefined}>{name}</A>
        ))}
      </nav>
      <div class="who">
        <Live />
        <span class="role" title={"Key " + who.key + ", project " + who.project}>{who.role}</span>
        <button type="button" class="button quiet square" aria-label={theme === "dark" ? "Light colours" : "Dark colours"} onClick={flip}>
          <Icon name={theme === "dark" ? "sun" : "moon"} />
        </button>
        {key() && <button type="button" class="button quiet" onClick={onSignOut}>Sign out</button>}
      </div>
    </header>
  );
}

function App() {
  const [who, setWho] = useState<WhoAmI | "out" | "offline" | null>(null);
  const ask = () =>
    get<WhoAmI>("/api/v1/whoami").then(setWho, (e) =>
      setWho(e instanceof Problem && e.status === 401 ? "out" : "offline"),
    );
  const signOut = () => {
    keepKey("", false);
    void ask();
  };
  useEffect(() => {
    whenUnauthorized(() => setWho("out"));
    void ask();
  }, []);
  const known = who !== null && typeof who === "object";
  useEffect(() => {
    if (known) startLive(who.durable_seq);
    else stopLive();
  }, [known]);
  useEffect(() => {
    if (who !== "offline") return;
    const t = setInterval(ask, 2000);
    return () => clearInterval(t);
  }, [who]);
  if (who === null) return <main class="login" aria-busy="true"></main>;
  if (!known) return <Login onDone={ask} offline={who === "offline"} />;
  return (
    <Who.Provider value={who}>
      <Header onSignOut={signOut} />
      <main id="main" tabIndex={-1}><Page /></main>
      <Notices />
    </Who.Provider>
  );
}

setTheme(currentTheme());
render(<App />, document.getElementById("app")!);
