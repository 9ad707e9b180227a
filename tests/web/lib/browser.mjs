// Debian's Chromium, and pages in it that note whatever a user would be right to complain about: errors,
// refused scripts, requests to anywhere but the server.
import assert from "node:assert/strict";
import {createRequire} from "node:module";
import {existsSync, mkdirSync} from "node:fs";
import path from "node:path";
import {setTimeout as pause} from "node:timers/promises";
import {patienceMs, until} from "./server.mjs";

const tools = createRequire(process.env.SWEEPD_WEB_TOOLS + "/");
const {chromium} = tools("playwright-core");
export const axeSource = tools.resolve("axe-core/axe.min.js");
const shots = process.env.SWEEPD_SHOTS;
// To find tests that look before what they look for is there: a processor so many times slower, answers so late.
const slower = Number(process.env.SWEEPD_WEB_SLOWER ?? 1);
const lateMs = Number(process.env.SWEEPD_WEB_LATE_MS ?? 0);
export const hindered = slower > 1 || lateMs > 0;

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
  if (hindered) {
    const wire = await context.newCDPSession(page);
    if (slower > 1) await wire.send("Emulation.setCPUThrottlingRate", {rate: slower});
    if (lateMs > 0) await wire.send("Network.emulateNetworkConditions", {offline: false, latency: lateMs, downloadThroughput: -1, uploadThroughput: -1});
  }
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

/**
 * Asks until the answer is as wanted: equal, matched by a pattern, or approved by a function. Whatever a test reads
 * of a page is read with this: a page shows things when it has them, not when it is asked.
 */
export async function becomes(ask, wanted, what = "") {
  const fits = wanted instanceof RegExp ? (v) => wanted.test(v) : typeof wanted === "function" ? wanted : (v) => Object.is(v, wanted);
  for (const end = Date.now() + patienceMs; ; ) {
    const got = await ask();
    if (fits(got)) return got;
    if (Date.now() > end) {
      const words = what || String(ask);
      if (wanted instanceof RegExp) assert.match(got, wanted, words);
      assert.fail(`${words}: ${JSON.stringify(got)} instead of ${typeof wanted === "function" ? wanted : JSON.stringify(wanted)}`);
    }
    await pause(25);
  }
}

/** Every answer is there, and every chart in the window is drawn. */
export const settled = (page) =>
  seen(page, () => {
    if (!document.querySelector("main#main, main.login form") || document.querySelector("[aria-busy=true]")) return false;
    const near = (e) => e.getBoundingClientRect().top < innerHeight && e.getBoundingClientRect().bottom > 0 && e.offsetParent !== null;
    return [...document.querySelectorAll(".chart:not([data-drawn])")].filter(near).length === 0;
  });

/** Where it stands, once nothing above it grows any more. */
export async function standing(locator) {
  let last = "";
  await becomes(async () => {
    const now = JSON.stringify(await locator.boundingBox());
    const same = now === last && now !== "null";
    last = now;
    return same;
  }, true, "it to stand still");
  return JSON.parse(last);
}

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
