// The parts every page is built of. State is shown by icon, word and colour, always all three.
import type {ComponentChildren, JSX} from "preact";
import {useId, useLayoutEffect, useRef, useState} from "preact/hooks";
import {words} from "./api";
import {clock, duration, ms, number, title} from "./format";
import {navigate, useNow} from "./hooks";
import {notify} from "./notice";

const paths: Record<string, string> = {
  pending: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zm0 1.6a4.4 4.4 0 1 1 0 8.8 4.4 4.4 0 0 1 0-8.8zM7.2 5h1.6v3.4H7.2z",
  running: "M4.5 2.5v11l9-5.5z",
  preempting: "M2 4.5h6v-2l6 5.5-6 5.5v-2H2z",
  preempted: "M2 3h2v10H2zm4 1.5h3v-2l5 5.5-5 5.5v-2H6z",
  crashed: "M8 1.2 15.4 14H.6zM7.1 6v4h1.8V6zm0 5v1.7h1.8V11z",
  failed: "M3.6 2.2 8 6.6l4.4-4.4 1.4 1.4L9.4 8l4.4 4.4-1.4 1.4L8 9.4l-4.4 4.4-1.4-1.4L6.6 8 2.2 3.6z",
  killed: "M3 3h10v10H3z",
  finished: "M6.2 13.2 1.4 8.4l1.6-1.6 3.2 3.2 6.8-7 1.6 1.6z",
  paused: "M3.5 2.5h3.2v11H3.5zm5.8 0h3.2v11H9.3z",
  canceled: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM4 7h8v2H4z",
  live: "M8 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8z",
  lost: "M8 1.2 15.4 14H.6zM7.1 6v4h1.8V6zm0 5v1.7h1.8V11z",
  left: "M2 2.5h6v2H4v7h4v2H2zm8 2 4 3.5-4 3.5V9H6V7h4z",
  connecting: "M8 2v2a4 4 0 1 1-4 4H2a6 6 0 1 0 6-6z",
  off: "M3 7h10v2H3z",
  menu: "M8 2.2a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3zm0 4.3a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3zm0 4.3a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3z",
  down: "M3 5.5 8 11l5-5.5z",
  sun: "M8 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM7.2 0h1.6v3H7.2zm0 13h1.6v3H7.2zM0 7.2h3v1.6H0zm13 0h3v1.6h-3zM1.8 2.9l1.1-1.1 2.1 2.1L3.9 5zm9.2 9.2 1.1-1.1 2.1 2.1-1.1 1.1zm0-8.2 2.1-2.1 1.1 1.1L12.1 5zM1.8 13.1l2.1-2.1L5 12.1l-2.1 2.1z",
  moon: "M6.5 1.6A6.6 6.6 0 1 0 14.4 9.5 5.2 5.2 0 0 1 6.5 1.6z",
};

export function Icon({name}: {name: string}) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={paths[name] ?? paths.pending} />
    </svg>
  );
}

/** `state` of a run, sweep or agent; `count` makes it a tally. */
export function State({state, count}: {state: string; count?: number}) {
  return (
    <span class={"state s-" + state}>
      <Icon name={state} />
      {count !== undefined && <b>{number(count)}</b>} {title(state)}
    </span>
  );
}

export function A(props: JSX.AnchorHTMLAttributes<HTMLAnchorElement> & {href: string}) {
  return (
    <a
      {...props}
      onClick={(e) => {
        if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
        e.preventDefault();
        navigate(props.href);
      }}
    />
  );
}

export function Fault({error}: {error: unknown}) {
  if (!error) return null;
  return (
    <div class="fault" role="alert">
      <Icon name="crashed" /> {words(error)}
    </div>
  );
}

export function Card(props: {title?: string; tools?: ComponentChildren; children: ComponentChildren; class?: string}) {
  return (
    <section class={"card " + (props.class ?? "")}>
      {(props.title || props.tools) && (
        <header>
          {props.title && <h2>{props.title}</h2>}
          {props.tools && <div class="tools">{props.tools}</div>}
        </header>
      )}
      {props.children}
    </section>
  );
}

export function Empty({children}: {children: ComponentChildren}) {
  return <p class="empty">{children}</p>;
}

/** A table that scrolls by itself when the page is narrow, also by keyboard; `busy`: it shows what was asked before. */
export function Scroller({label, busy, children}: {label: string; busy?: boolean; children: ComponentChildren}) {
  return (
    <div class="scroller" role="region" aria-label={label} aria-busy={busy} tabIndex={0}>
      {children}
    </div>
  );
}

export function Progress({done, of, label}: {done: number; of: number | null; label: string}) {
  return (
    <span class="progress">
      {of !== null && <progress max={Math.max(of, 1)} value={Math.min(done, of)} aria-label={label} />}
      <span>
        {number(done)}
        {of === null ? "" : ` / ${number(of)}`}
      </span>
    </span>
  );
}

/** "in 4m 10s", ticking; then "now". */
export function Until({at}: {at: string}) {
  const now = useNow();
  const left = ms(at) - now;
  return <time dateTime={at} title={clock(at)}>{left > 0 ? "in " + duration(left) : "now"}</time>;
}

/** "4m 10s ago", ticking. */
export function Since({at}: {at: string | null}) {
  const now = useNow();
  if (!at) return <span>–</span>;
  return <time dateTime={at} title={clock(at)}>{duration(now - ms(at))} ago</time>;
}

export interface MenuItem {
  label: string;
  act: () => void;
  disabled?: boolean;
}

/** An ARIA menu: arrows, Home, End, first letters, Escape; the focus returns to the button. */
export function Menu({label, items, text}: {label: string; items: MenuItem[]; text?: string}) {
  const [open, setOpen] = useState<{top: number; left: number} | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const id = useId();
  const show = () => {
    const at = button.current!.getBoundingClientRect();
    const room = {width: 210, height: 16 + items.length * 38};
    setOpen({
      top: Math.max(4, Math.min(at.bottom + 2, innerHeight - room.height)),
      left: Math.max(4, Math.min(at.right - room.width, innerWidth - room.width - 4)),
    });
  };
  const close = (refocus: boolean) => {
    setOpen(null);
    if (refocus) button.current?.focus();
  };
  const entries = () => [...(list.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
  // Before the next key can come: whoever types fast must not meet the button again.
  useLayoutEffect(() => {
    if (!open) return;
    entries()[0]?.focus();
    const away = (e: Event) => {
      if (!list.current?.contains(e.target as Node) && !button.current?.contains(e.target as Node)) close(false);
    };
    const scrolled = () => close(true);
    document.addEventListener("pointerdown", away);
    window.addEventListener("resize", scrolled);
    return () => {
      document.removeEventListener("pointerdown", away);
      window.removeEventListener("resize", scrolled);
    };
  }, [open !== null]);
  const keys = (e: KeyboardEvent) => {
    const all = entries();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = (i: number) => all[(i + all.length) % all.length]?.focus();
    if (e.key === "ArrowDown") to(at + 1);
    else if (e.key === "ArrowUp") to(at - 1);
    else if (e.key === "Home") to(0);
    else if (e.key === "End") to(-1);
    else if (e.key === "Escape") close(true);
    else if (e.key === "Tab") return close(false);
    else if (e.key.length === 1 && /\S/.test(e.key)) {
      const letter = e.key.toLowerCase();
      const next = [...all.slice(at + 1), ...all].find((x) => x.textContent?.trim().toLowerCase().startsWith(letter));
      next?.focus();
    } else return;
    e.preventDefault();
    e.stopPropagation();
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        class={text ? "button" : "button quiet square kebab"}
        aria-haspopup="menu"
        aria-expanded={open !== null}
        aria-controls={open ? id : undefined}
        aria-label={text ? undefined : label}
        onClick={() => (open ? close(true) : show())}
        onKeyDown={(e) => {
          if (e.key !== "ArrowDown" || open) return;
          e.preventDefault();
          show();
        }}
      >
        {text ?? <Icon name="menu" />} {text && <Icon name="down" />}
      </button>
      {open && (
        <ul ref={list} id={id} role="menu" aria-label={label} class="menu" style={{top: open.top + "px", left: open.left + "px"}} onKeyDown={keys}>
          {items.map((i) => (
            <li
              key={i.label}
              role="menuitem"
              tabIndex={-1}
              aria-disabled={i.disabled || undefined}
              onClick={() => {
                if (i.disabled) return;
                close(true);
                i.act();
              }}
              onKeyDown={(e) => {
                if (e.key !== "Enter" && e.key !== " ") return;
                e.preventDefault();
                e.currentTarget.click();
              }}
            >
              {i.label}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** A modal dialog of the browser's own: it keeps the focus in, closes on Escape and gives the focus back. */
export function Dialog(props: {title: string; onClose: () => void; children: ComponentChildren; wide?: boolean}) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  const before = useRef(document.activeElement as HTMLElement | null);
  useLayoutEffect(() => {
    ref.current?.showModal();
    return () => before.current?.isConnected && before.current.focus();
  }, []);
  return (
    <dialog ref={ref} class={props.wide ? "wide" : ""} aria-labelledby={id} onClose={props.onClose}>
      <header>
        <h2 id={id}>{props.title}</h2>
        <button type="button" class="button quiet square" aria-label="Close" onClick={() => ref.current?.close()}>
          <Icon name="failed" />
        </button>
      </header>
      {props.children}
    </dialog>
  );
}

/** Tabs by ARIA's pattern; which one is open stands in the address (`?tab=`). */
export function Tabs(props: {label: string; tabs: {id: string; label: string}[]; now: string; go: (id: string) => void}) {
  const row = useRef<HTMLDivElement>(null);
  // A narrow window shows some of the tabs; the open one among them.
  useLayoutEffect(() => {
    const tab = row.current?.querySelector<HTMLElement>("[aria-selected=true]");
    if (!row.current || !tab) return;
    const {left, width} = row.current.getBoundingClientRect();
    const at = tab.getBoundingClientRect();
    if (at.left < left || at.right > left + width) row.current.scrollLeft += at.left - left - (width - at.width) / 2;
  }, [props.now]);
  return (
    <div class="tabs" role="tablist" aria-label={props.label} ref={row}>
      {props.tabs.map((t, i) => (
        <button
          key={t.id}
          type="button"
          role="tab"
          id={"tab-" + t.id}
          aria-selected={t.id === props.now}
          aria-controls="tab-panel"
          tabIndex={t.id === props.now ? 0 : -1}
          onClick={() => props.go(t.id)}
          onKeyDown={(e) => {
            const step = e.key === "ArrowRight" ? 1 : e.key === "ArrowLeft" ? -1 : 0;
            if (!step) return;
            e.preventDefault();
            const next = props.tabs[(i + step + props.tabs.length) % props.tabs.length];
            props.go(next.id);
            row.current?.querySelector<HTMLElement>("#tab-" + next.id)?.focus();
          }}
        >
          {t.label}
        </button>
      ))}
    </div>
  );
}

export function TabPanel({now, children}: {now: string; children: ComponentChildren}) {
  return (
    <div role="tabpanel" id="tab-panel" aria-labelledby={"tab-" + now} class="panel">
      {children}
    </div>
  );
}

export function Field(props: {label: string; hint?: string; children: (id: string) => ComponentChildren}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {props.children(id)}
      {props.hint && <small>{props.hint}</small>}
    </div>
  );
}

export function CopyButton({text, label}: {text: string; label: string}) {
  const [done, setDone] = useState(false);
  return (
    <button
      type="button"
      class="button quiet"
      onClick={async () => {
        // Browsers keep the clipboard from pages without TLS: then the text is shown.
        if (!navigator.clipboard) return notify(text);
        await navigator.clipboard.writeText(text);
        setDone(true);
        setTimeout(() => setDone(false), 2000);
      }}
    >
      {done ? "Copied" : label}
    </button>
  );
}
