// A sweep of 10,000 runs: the first view stands within a second, and the table never makes one wait.
import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import {clean, hindered, launch, open, picture, settled} from "./lib/browser.mjs";
import {Server} from "./lib/server.mjs";

const runs = 10_000;
const firstViewMs = 1000;
const pageMs = 1500;
const frameMs = 400;
let server, browser, sweep;

// What the busy loop below takes on the machine that the limits are meant for, when nobody else uses it.
const loopMs = 150;

/** How much longer things take here and now: a slower processor, or one that others use too; never less than 1. */
function slowness() {
  const began = performance.now();
  let x = 0;
  for (let i = 0; i < 1e8; ++i) x += i & 3;
  return Math.max(1, (x > 0 ? performance.now() - began : 0) / loopMs);
}

/** Takes the time of `act` until one try keeps to the limit: a page that can be fast is fast; the others met a busy machine. */
async function within(what, limitMs, act, tries = 8) {
  const seen = [];
  for (let i = 0; i < tries; ++i) {
    const before = slowness();
    const took = Math.round(await act());
    const slow = Math.max(before, slowness());
    seen.push(`${took} ms (machine ${slow.toFixed(1)} times slower)`);
    if (took < limitMs * slow && i > 0) break;
    if (hindered && i > 0) break;
    assert.ok(i + 1 < tries, `${what}: never within ${limitMs} ms: ${seen.join(", ")}`);
  }
  console.log(`${what}: ${seen.join(", ")}`);
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
  await within(`first view of ${runs} runs`, firstViewMs, async () => {
    await warm.goto("about:blank");
    const began = performance.now();
    await warm.goto(server.url + `/team/vision/sweeps/${sweep}`);
    await warm.getByText("1–50 of 10,000").waitFor();
    return performance.now() - began;
  });
  clean(warm);
  await warm.context().close();
});

test("paging and sorting 10,000 runs answers at once, and scrolling never waits", async () => {
  const page = await open(browser, server, `/team/vision/sweeps/${sweep}`);
  await page.getByRole("img", {name: /^Parallel coordinates/}).locator("canvas").waitFor();
  await settled(page);
  await page.getByText(/2,00\d of 10,000 runs are drawn/).waitFor();
  const timed = async (act, seen) => {
    const began = performance.now();
    await act();
    await seen.waitFor();
    return performance.now() - began;
  };
  const button = (name) => page.getByRole("button", {name, exact: true});
  await within("last page", pageMs, async () => {
    const took = await timed(() => button("Last").click(), page.getByText("9,951–10,000 of 10,000"));
    await button("First").click();
    await page.getByText("1–50 of 10,000").waitFor();
    return took;
  });
  const ways = ["descending", "ascending"];
  await within("sorted by lr", pageMs, () => {
    ways.reverse();
    return timed(() => page.getByTitle("Sort by lr").click(), page.locator(`[aria-label=Runs]:not([aria-busy=true]) th[aria-sort=${ways[0]}]`, {hasText: "lr"}));
  });
  await within("page 2", pageMs, async () => {
    const took = await timed(() => button("Next").click(), page.getByText("51–100 of 10,000"));
    await button("First").click();
    await page.getByText("1–50 of 10,000").waitFor();
    return took;
  });
  // Frames while scrolling: the longest gap between two is how long the page stood still.
  await within("the longest frame while scrolling", frameMs, () =>
    page.evaluate(async () => {
      let worst = 0;
      let last = performance.now();
      for (let i = 0; i < 40; ++i) {
        window.scrollBy(0, i < 20 ? 60 : -60);
        await new Promise((r) => requestAnimationFrame(r));
        const now = performance.now();
        worst = Math.max(worst, now - last);
        last = now;
      }
      return worst;
    }));
  await picture(page, "ten-thousand");
  clean(page);
  await page.context().close();
});
