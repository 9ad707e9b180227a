// Sixty strings that want to be more than text, as names, configurations, summaries, log lines, reasons, file names:
// none runs, all are shown as they are.
import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import {becomes, clean, launch, open, seen} from "./lib/browser.mjs";
import {Server} from "./lib/server.mjs";

const js = "window.__ran=1,alert(1)";
const hostile = [
  `<script>${js}</script>`, `</script><script>${js}</script>`, `<img src=x onerror="${js}">`, `<svg onload="${js}">`, `<svg><script>${js}</script></svg>`,
  `<body onload="${js}">`, `<iframe src="javascript:${js}"></iframe>`, `<a href="javascript:${js}">x</a>`, `javascript:${js}`, `data:text/html,<script>${js}</script>`,
  `"><script>${js}</script>`, `'><script>${js}</script>`, `" onmouseover="${js}`, `' autofocus onfocus='${js}`, `\`-${js}-\``,
  `{{${js}}}`, `\${${js}}`, `#{${js}}`, `<%= ${js} %>`, `{{constructor.constructor("${js}")()}}`,
  `<details open ontoggle="${js}">`, `<video><source onerror="${js}">`, `<input onfocus="${js}" autofocus>`, `<math><mi xlink:href="javascript:${js}">x`, `<style>@import 'javascript:${js}';</style>`,
  `<link rel=stylesheet href="javascript:${js}">`, `<meta http-equiv=refresh content="0;url=javascript:${js}">`, `<base href="javascript:${js}//">`, `<form action="javascript:${js}"><button>x`, `<object data="javascript:${js}">`,
  `<embed src="javascript:${js}">`, `<template><script>${js}</script></template>`, `<noscript><p title="</noscript><script>${js}</script>">`, `<!--><script>${js}</script-->`, `<![CDATA[<script>${js}</script>]]>`,
  `<SCRIPT>${js}</SCRIPT>`, `<scr<script>ipt>${js}</scr</script>ipt>`, `<img/src/onerror=${js}>`, `<svg/onload=${js}>`, `<x onclick="${js}">click</x>`,
  `&lt;script&gt;${js}&lt;/script&gt;`, `&#60;script&#62;${js}&#60;/script&#62;`, `%3Cscript%3E${js}%3C/script%3E`, `\\x3cscript\\x3e${js}`, `\\u003cscript\\u003e${js}`,
  `__proto__`, `constructor`, `toString`, `hasOwnProperty`, `; DROP TABLE runs; --`,
  `' OR '1'='1`, `../../../../etc/passwd`, `=HYPERLINK("http://x","y")`, `+cmd|' /C calc'!A0`, `@SUM(1+1)*cmd`,
  `\u{1F4A5} emoji \u{1F1E9}\u{1F1EA}`, `مرحبا بالعالم`, `a`.repeat(120), `line [31mred[0m`, `null`,
];

let server, browser, sweep, run;
const file = (i) => `h${i} ${hostile[i].replace(/[^\w<>= .]/g, "_").slice(0, 60)}`.trim();
before(async () => {
  server = await Server.start();
  browser = await launch();
  assert.equal(hostile.length, 60);
  // A parameter's name is an identifier; "__proto__" and "constructor" are some.
  const parameters = Object.fromEntries(hostile.map((h, i) => [/^[A-Za-z_][\w.-]*$/.test(h) ? h : `p${i}`, {values: [h, `${h}!`]}]));
  // JSON is YAML. The description takes any text.
  const yaml = JSON.stringify({name: hostile[0], description: hostile[2], program: "train.py", method: "random", run_cap: 5, metric: {name: hostile[3], goal: "minimize"}, parameters});
  sweep = (await server.post("/api/v1/sweeps", {yaml, name: hostile[10], project: "team/vision"})).id;
  const worker = await server.agent(sweep, hostile[11].slice(0, 100), hostile[12]);
  for (let i = 0; i < 3; ++i) {
    run = await worker.start();
    const summary = {};
    hostile.forEach((h, k) => Object.defineProperty(summary, k % 2 ? h : `s${k}`, {value: h, enumerable: true, configurable: true, writable: true}));
    await worker.report(run, {
      history: [Object.fromEntries([[hostile[3], 1 + i], ...hostile.slice(0, 12).map((h, k) => [h + " ", k])])],
      log: hostile.join("\n") + "\n",
      summary,
    });
    if (i < 2) await worker.finish(run);
  }
  for (const i of [0, 2, 10]) await worker.upload(run, file(i), "x");
  await worker.finish(run, {signal: 9, evidence: hostile.slice(0, 12).map((text) => ({source: hostile[3], text}))});
  await server.post(`/api/v1/runs/${run.id}/mark-failed`, {reason: hostile[0]});
  await server.post(`/api/v1/sweeps/${sweep}/pause`, {reason: hostile[2]});
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Everything that a page shows is text: no element that one of the strings would have made. */
async function harmless(page, where) {
  const bad = await page.evaluate(() => {
    const made = document.querySelectorAll("#app script, #app iframe, #app object, #app embed, #app video, #app math, #app style, #app meta, #app base, #app link, #app [onerror], #app [onload], #app [onclick], #app [onfocus], #app [onmouseover], #app [ontoggle], #app a[href^='javascript' i], #app a[href^='data' i], #app x");
    return {made: [...made].map((e) => e.outerHTML.slice(0, 100)), ran: window.__ran};
  });
  assert.deepEqual(bad, {made: [], ran: undefined}, where);
  clean(page);
}

test("sixty hostile strings: every page shows them, none runs", async () => {
  const base = "/team/vision";
  const page = await open(browser, server);
  await page.getByText(hostile[10]).first().waitFor();
  await harmless(page, "the list");
  const places = [
    [`${base}/sweeps/${sweep}`, hostile[10]], [`${base}/sweeps/${sweep}?tab=timeline`, hostile[10]], [`${base}/sweeps/${sweep}?tab=grid`, hostile[10]],
    [`${base}/sweeps/${sweep}?tab=file`, "p39"], [`${base}/sweeps/${sweep}?tab=events`, hostile[2]], [`${base}/sweeps/${sweep}?tab=policy`, "Crash policy"],
    [`${base}/runs/${run.id}`, hostile[0]], [`${base}/runs/${run.id}?tab=charts`, hostile[3]], [`${base}/runs/${run.id}?tab=files`, file(2)],
    [`${base}/runs/${run.id}?tab=history`, hostile[0]], ["/agents", hostile[12]], ["/events", hostile[2]], ["/policies", hostile[10]],
    [`/?state=${encodeURIComponent(hostile[0])}`, "Sweeps"], [`${base}/sweeps/${sweep}?ranges=${encodeURIComponent(hostile[0])}`, hostile[10]],
  ];
  page.expectRefusal = true;  // a made-up state in the address is refused by the API
  for (const [where, text] of places) {
    await page.goto(server.url + where);
    await page.getByText(text).first().waitFor({state: "attached"});
    await page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
    await seen(page, () => [...document.querySelectorAll("details[open]")].every((d) => d.children.length > 1) && !document.querySelector("[aria-busy=true]"));
    await harmless(page, where);
  }
  await page.context().close();
});

test("all sixty are read in the output and in the configuration, letter by letter", async () => {
  const page = await open(browser, server, `/team/vision/runs/${run.id}?tab=output`);
  const log = page.getByRole("log");
  await log.getByText("DROP TABLE").waitFor();
  const lines = (await becomes(() => log.evaluate((e) => e.textContent), (t) => t.split("\n").length > hostile.length, "sixty lines")).split("\n");
  hostile.forEach((h, i) => assert.equal(lines[i], h));
  await page.getByRole("tab", {name: "Overview"}).click();
  await page.getByRole("region", {name: "Config"}).locator("td").first().waitFor();
  await page.getByRole("region", {name: "Summary"}).locator("td").first().waitFor();
  const cells = new Set(await page.locator("td").allTextContents());
  hostile.slice(0, 55).forEach((h) => assert.ok(cells.has(h) || cells.has(h + "!"), h));
  await harmless(page, "config");
  await page.context().close();
});
