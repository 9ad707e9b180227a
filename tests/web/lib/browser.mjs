// Debian's Chromium, and pages in it that note whatever a user would be right to complain about: errors,
// refused scripts, requests to anywhere but the server.
import {createRequire} from "node:module";
import {existsSync, mkdirSync} from "node:fs";
import path from "node:path";
import {until} from "./server.mjs";

const tools = createRequire(process.env.SWEEPD_WEB_TOOLS + "/");
const {chromium} = tools("playwright-core");
export const axeSource = tools.resolve("axe-core/axe.min.js");
const shots = process.env.SWEEPD_SHOTS;
// A busy machine is slow, not wrong.
const patienceMs = Number(process.env.SWEEPD_WEB_PATIENCE_MS ?? 60_000);

export async function launch() {
  const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync);
  if (!executablePath) throw new Error("Chromium is not installed: run .ci/packages test");
  return chromium.launch({
    executablePath,
    headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-gpu-rasterization", "--disable-software-rasterizer", "--disable-extensions"],
  });
}

/** A page of its own (nothing kept), signed in when the server has a key. */
export async function open(browser, server, where = "/", {width = 1280, height = 900, scheme = "light", key = server.key, allow401 = false} = {}) {
  const context = await browser.newContext({viewport: {width, height}, colorScheme: scheme, acceptDownloads: true, reducedMotion: "reduce"});
  const page = await context.newPage();
  page.faults = [];
  page.on("pageerror", (e) => page.faults.push("error: " + e.message));
  page.on("console", (m) => {
    const refused = /status of 4\d\d/.test(m.text()) && (allow401 || page.expectRefusal);
    if (m.type() === "error" && !refused) page.faults.push("console: " + m.text());
  });
  page.on("request", (r) => {
    if (!r.url().startsWith(server.url) && !/^(data|blob):/.test(r.url())) page.faults.push("foreign request: " + r.url());
  });
  page.on("dialog", (d) => {
    page.faults.push("a script ran: " + d.message());
    void d.dismiss();
  });
  if (key) await page.addInitScript((k) => sessionStorage.setItem("sweepd.key", k), key);
  page.setDefaultTimeout(patienceMs);
  await page.goto(server.url + where);
  return page;
}

/** Keeps a picture: of the whole page, or of what is in the window (the whole takes resizing, which closes menus). */
export async function picture(page, name, {whole = true} = {}) {
  mkdirSync(shots, {recursive: true});
  if (whole) await page.evaluate(() => window.scrollTo(0, 0));
  await page.screenshot({path: path.join(shots, name + ".png"), fullPage: whole});
}

/** Waits until `f` is true in the page. (Playwright's own waiting needs eval there, which the page's policy forbids.) */
export const seen = (page, f, arg) => until("the page to show it: " + f, () => page.evaluate(f, arg), patienceMs);

/** No error, no refused script, nothing from elsewhere. */
export function clean(page) {
  if (page.faults.length) throw new Error("the page complained:\n" + page.faults.join("\n"));
}

/** Does the page scroll sideways? It must not. */
export async function overflow(page) {
  return page.evaluate(() => {
    const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    if (wide <= 0) return "";
    const culprits = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroller, .tabs, nav, pre, .editor"));
    return `${wide} px too wide: ` + culprits.slice(0, 5).map((e) => e.tagName + "." + e.className).join(", ");
  });
}
