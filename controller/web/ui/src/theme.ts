// Light or dark: the browser's choice until somebody makes another one here.
export type Theme = "light" | "dark";
const slot = "sweepd.theme";
const changed = new Set<() => void>();

export function currentTheme(): Theme {
  const kept = localStorage.getItem(slot);
  if (kept === "light" || kept === "dark") return kept;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export function setTheme(t: Theme) {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  if (t === system) localStorage.removeItem(slot);
  else localStorage.setItem(slot, t);
  document.documentElement.dataset.theme = t;
  changed.forEach((f) => f());
}

export function onTheme(f: () => void): () => void {
  changed.add(f);
  return () => void changed.delete(f);
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTheme(currentTheme()));

/** The value of a CSS variable, for what is drawn on a canvas. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}
