// A sweep of 10,000 runs: the first view stands within a second, and the table never makes one wait.
import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import {clean, launch, open, picture} from "./lib/browser.mjs";
import {Server} from "./lib/server.mjs";

const runs = 10_000;
const firstViewMs = 1000;
const pageMs = 1500;
const frameMs = 400;
let server, browser, sweep;

/** How much longer things take because others use the machine: wall time per CPU time of a busy loop; idle: 1. */
function crowding() {
  const cpu = process.cpuUsage();
  const began = performance.now();
  let x = 0;
  for (let i = 0; i < 3e8; ++i) x += i & 3;
  const {user, system} = process.cpuUsage(cpu);
  return Math.max(1, (x > 0 ? performance.now() - began : 0) / ((user + system) / 1000));
}

before(async () => {
  server = await Server.start();
  browser = await launch();
  sweep = await server.sweep(`name: ten thousand
program: train.py
method: random
metric: {name: loss, goal: minimize}
parameters:
  lr: {distribution: log_uniform_values, min: 0.0001, max: 1.0}
  width: {min: 8, max: 512}
  opt: {values: [adam, sgd, lion]}
`);
  const workers = await Promise.all(Array.from({length: 48}, (_, i) => server.agent(sweep, `w${i}`, `gpu-${i % 8}`)));
  let left = runs;
  await Promise.all(workers.map(async (w) => {
    while (left-- > 0) {
      const run = await w.claim();
      const c = run.config;
      await w.server.post(`/api/v1/runs/${run.id}/start`, {epoch: run.epoch, host: w.host, pid: 1});
      await w.server.post(`/api/v1/runs/${run.id}/report`, {epoch: run.epoch, summary: {loss: Math.abs(Math.log10(c.lr.value) + 2) + c.width.value / 1000}});
      await w.finish(run);
    }
  }));
}, {timeout: 600_000});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test("the first view of 10,000 runs stands within a second", async () => {
  const warm = await open(browser, server, "/");  // the browser's own start is not the page's
  await warm.getByText("ten thousand").waitFor();
  const times = [];
  for (let i = 0; i < 3; ++i) {
    const began = performance.now();
    await warm.goto(server.url + `/team/vision/sweeps/${sweep}`);
    await warm.getByText("1–50 of 10,000").waitFor();
    times.push(Math.round(performance.now() - began));
    await warm.goto("about:blank");
  }
  const slow = crowding();
  console.log(`first view of ${runs} runs: ${times.join(", ")} ms (others slow the machine ${slow.toFixed(1)} times)`);
  assert.ok(Math.min(...times) < firstViewMs * slow, `first view: ${times} ms`);
  clean(warm);
  await warm.context().close();
});

test("paging and sorting 10,000 runs answers at once, and scrolling never waits", async () => {
  const page = await open(browser, server, `/team/vision/sweeps/${sweep}`);
  await page.getByRole("img", {name: /^Parallel coordinates/}).locator("canvas").waitFor();
  await page.getByText(/2,00\d of 10,000 runs are drawn/).waitFor();
  const timed = async (what, act, seen) => {
    const began = performance.now();
    await act();
    await seen();
    const took = Math.round(performance.now() - began);
    console.log(`${what}: ${took} ms`);
    return took;
  };
  const times = [
    await timed("last page", () => page.getByRole("button", {name: "Last", exact: true}).click(), () => page.getByText("9,951–10,000 of 10,000").waitFor()),
    await timed("sorted by lr", () => page.getByTitle("Sort by lr").click(), () => page.locator("th[aria-sort]", {hasText: "lr"}).waitFor()),
    await timed("page 2", () => page.getByRole("button", {name: "Next", exact: true}).click(), () => page.getByText("51–100 of 10,000").waitFor()),
  ];
  const slow = crowding();
  assert.ok(Math.max(...times) < pageMs * slow, `${times} ms`);
  // Frames while scrolling: the longest gap between two is how long the page stood still.
  const gap = await page.evaluate(async () => {
    let worst = 0;
    let last = performance.now();
    for (let i = 0; i < 40; ++i) {
      window.scrollBy(0, 60);
      await new Promise((r) => requestAnimationFrame(r));
      const now = performance.now();
      worst = Math.max(worst, now - last);
      last = now;
    }
    return Math.round(worst);
  });
  console.log(`the longest frame while scrolling: ${gap} ms`);
  assert.ok(gap < frameMs * slow, `a frame took ${gap} ms`);
  await picture(page, "ten-thousand");
  clean(page);
  await page.context().close();
});
