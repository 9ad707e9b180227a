// For everybody: axe finds nothing serious on any page, light or dark; no page is wider than 320 px asks for; menus,
// tabs and dialogs by keyboard. Keeps pictures of each page at 1280 and 360 px, light and dark.
import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {after, before, test} from "node:test";
import {axeSource, becomes, clean, launch, open, overflow, picture, seen, settled} from "./lib/browser.mjs";
import {Server, patientGrid} from "./lib/server.mjs";

const axe = readFileSync(axeSource, "utf8");
let server, browser, sweep, crashed, pages;
before(async () => {
  server = await Server.start();
  browser = await launch();
  sweep = await server.sweep(patientGrid);
  const worker = await server.agent(sweep);
  for (let i = 0; i < 24; ++i) {
    const run = await worker.start();
    const c = run.config;
    const loss = Math.abs(Math.log10(c.lr.value) + 2) + c.batch_size.value / 1000;
    await worker.report(run, {history: [0, 1, 2].map((k) => ({_step: k, loss: loss + 1 / (k + 1), "system/gpu": 50 + k})), log: "one line\n", summary: {loss}});
    if (i === 7) await worker.upload(run, "output.log", "one line\n");
    if (i % 8 === 7) {
      await worker.crash(run);
      crashed = run;
    } else if (i < 22) await worker.finish(run, {exit_code: i === 3 ? 1 : 0});
  }
  await server.sweep("name: another\nprogram: train.py\nmethod: random\nrun_cap: 10\nparameters:\n  x: {min: 0.0, max: 1.0}\n", "team/other");
  const at = `/team/vision/sweeps/${sweep}`;
  const run = `/team/vision/runs/${crashed.id}`;
  pages = {
    sweeps: ["/", "grid of digits"], new: ["/new", "Launch sweep"], sweep: [at, "Parallel coordinates"], timeline: [at + "?tab=timeline", "Timeline by agent"],
    grid: [at + "?tab=grid", "The stronger the colour"], curves: [at + "?tab=curves", "In colour"], rungs: [at + "?tab=rungs", "every run goes on"], policy: [at + "?tab=policy", "Versions"], file: [at + "?tab=file", "As understood"],
    "sweep-events": [at + "?tab=events", "Cause, rule, reason"], run: [run, "Evidence"], charts: [run + "?tab=charts", "System"], output: [run + "?tab=output", "one line"],
    files: [run + "?tab=files", "output.log"], history: [run + "?tab=history", "Cause, rule, reason"], policies: ["/policies", "Open policy"],
    agents: ["/agents", "worker"], events: ["/events", "Cause, rule, reason"], settings: ["/settings", "You"],
  };
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const ofColour = ["color-contrast", "link-in-text-block"];  // axe's rules that see colours; the others find in the dark what they find in the light

async function judge(page, where, rules = null) {
  await page.evaluate(axe + ";0");
  const found = await page.evaluate((only) => window.axe.run(document, only), {runOnly: rules ?? tags, resultTypes: ["violations"]});
  const serious = found.violations.filter((v) => v.impact === "serious" || v.impact === "critical");
  const said = serious.map((v) => `${v.id}: ${v.help}\n    ${v.nodes.slice(0, 4).map((n) => n.target.join(" ") + " – " + n.failureSummary?.split("\n")[1]).join("\n    ")}`);
  assert.equal(said.length, 0, `${where}:\n  ${said.join("\n  ")}`);
}

test("axe finds nothing serious on any page, at 1280 px, light and dark", async () => {
  const wrong = [];
  const page = await open(browser, server, "/");
  for (const [name, [where, text]] of Object.entries(pages)) {
    await page.emulateMedia({colorScheme: "light", reducedMotion: "reduce"});
    await page.setViewportSize({width: 1280, height: 2600});  // high enough for every chart to be drawn
    await page.goto(server.url + where);
    await page.getByText(text).first().waitFor();
    await settled(page);
    await page.setViewportSize({width: 1280, height: 900});
    await picture(page, `1280-light-${name}`);
    await judge(page, name).catch((e) => wrong.push(e.message));
    await page.emulateMedia({colorScheme: "dark", reducedMotion: "reduce"});
    await seen(page, () => document.documentElement.dataset.theme === "dark");
    await picture(page, `1280-dark-${name}`);
    await judge(page, name + ", dark", ofColour).catch((e) => wrong.push(e.message));
    const wide = await overflow(page);
    if (wide) wrong.push(`${name}: ${wide}`);
  }
  assert.deepEqual(wrong, []);
  clean(page);
  await page.context().close();
});

test("360 and 320 px: no page is wider than the window, and all can be read", async () => {
  const wrong = [];
  for (const scheme of ["light", "dark"]) {
    const page = await open(browser, server, "/", {width: 360, height: 740, scheme});
    for (const [name, [where, text]] of Object.entries(pages)) {
      if (scheme === "dark" && !["sweeps", "sweep", "run", "policy"].includes(name)) continue;
      await page.setViewportSize({width: 360, height: 4000});
      await page.goto(server.url + where);
      await page.getByText(text).first().waitFor();
      await settled(page);
      await page.setViewportSize({width: 360, height: 740});
      await picture(page, `360-${scheme}-${name}`);
      await page.setViewportSize({width: 320, height: 640});
      await page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
      await seen(page, () => [...document.querySelectorAll("details[open]")].every((d) => d.children.length > 1));
      await picture(page, `320-${scheme}-${name}`);
      // Charts learn of another width a moment later.
      await becomes(() => overflow(page), "").catch((e) => wrong.push(`${name}: ${e.message}`));
    }
    clean(page);
    await page.context().close();
  }
  assert.deepEqual(wrong, []);
});

test("by keyboard alone: skip link, tabs, menu, dialog, and the focus comes back", async () => {
  const page = await open(browser, server, `/team/vision/runs/${crashed.id}`);
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() || document.activeElement?.getAttribute("aria-label"));
  const focusOn = (name) => becomes(focused, name, "the focus");
  const button = page.getByRole("button", {name: "Actions for run " + crashed.id});
  await button.waitFor();
  await page.keyboard.press("Tab");
  await focusOn("Skip to content");
  await page.keyboard.press("Enter");
  await becomes(() => page.evaluate(() => location.hash), "#main");

  await button.focus();
  await page.keyboard.press("ArrowDown");
  await page.getByRole("menu").waitFor();
  await focusOn("Mark as failed");
  await page.keyboard.press("ArrowDown");
  await focusOn("Requeue");
  await page.keyboard.press("End");
  await focusOn("Delete");
  await page.keyboard.press("m");
  await focusOn("Mark as failed");
  await page.keyboard.press("Escape");
  await becomes(() => page.getByRole("menu").count(), 0);
  await becomes(() => button.evaluate((b) => b === document.activeElement), true, "the focus to be back on the button");

  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByText("1 run would change").waitFor();
  await judge(page, "the dialog");
  for (let i = 0; i < 12; ++i) {
    await page.keyboard.press("Tab");
    const inside = await page.evaluate(() => document.activeElement === document.body || !!document.activeElement?.closest("dialog"));
    assert.ok(inside, "the focus stays in the dialog");
  }
  await page.keyboard.press("Escape");
  await dialog.waitFor({state: "detached"});
  await becomes(() => button.evaluate((b) => b === document.activeElement), true, "the focus to be back on the button");

  await page.getByRole("tab", {name: "Overview"}).focus();
  await page.keyboard.press("ArrowRight");
  await focusOn("Charts");
  await page.waitForURL(/tab=charts/);
  clean(page);
  await page.context().close();
});

test("dark colours are kept when chosen, and charts follow", async () => {
  const page = await open(browser, server, `/team/vision/sweeps/${sweep}`);
  await page.getByRole("img", {name: /^Best so far/}).locator("canvas").waitFor();
  await page.getByRole("button", {name: "Dark colours"}).click();
  await becomes(() => page.evaluate(() => document.documentElement.dataset.theme), "dark");
  await page.reload();
  await page.getByRole("button", {name: "Light colours"}).waitFor();
  await becomes(() => page.evaluate(() => document.documentElement.dataset.theme), "dark");
  clean(page);
  await page.context().close();
});
