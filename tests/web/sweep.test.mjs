// A sweep's page: the table, the brush that filters it, what blocks, timeline, grid.
import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import {becomes, clean, launch, open, overflow, picture, seen, settled, standing} from "./lib/browser.mjs";
import {Server, patientGrid} from "./lib/server.mjs";

let server, browser, sweep, crashed;
const loss = (c) => Math.abs(Math.log10(c.lr.value) + 2) + Math.log2(c.batch_size.value) / 100 + ["adam", "sgd", "rmsprop"].indexOf(c.optimizer.value) / 1000;

before(async () => {
  server = await Server.start();
  browser = await launch();
  sweep = await server.sweep(patientGrid);
  const workers = [await server.agent(sweep, "left", "gpu-1"), await server.agent(sweep, "right", "gpu-2")];
  for (let i = 0; i < 58; ++i) {
    const w = workers[i % 2];
    const run = await w.start();
    await w.report(run, {history: [{loss: loss(run.config) + 1}, {loss: loss(run.config)}], summary: {loss: loss(run.config), size: i}});
    if (i === 57) {
      await w.crash(run);
      crashed = run;
    } else await w.finish(run);
  }
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const rowsOf = (page) => page.getByRole("region", {name: "Runs"}).locator("tbody tr");

test("the table sorts by any column, filters by state and pages, and the address says so", async () => {
  const page = await open(browser, server, `/team/vision/sweeps/${sweep}`);
  await rowsOf(page).nth(49).waitFor();
  await page.getByTitle("Sort by loss").click();
  await page.locator("th[aria-sort=ascending]").waitFor();
  await page.waitForURL(/sort=metric/);
  const best = await page.locator("tr.best th a").innerText();
  await seen(page, (id) => document.querySelector("[aria-label=Runs] tbody th a")?.textContent === id, best);
  await page.getByTitle("Sort by lr").click();
  await seen(page, () => {
    const all = [...document.querySelectorAll("[aria-label=Runs] tbody tr")].map((r) => Number(r.children[6].textContent));
    return all.length === 50 && all.every((v, i) => i === 0 || all[i - 1] <= v);
  });
  await page.getByRole("button", {name: "Next"}).click();
  await page.getByText("51–58 of 58").waitFor();
  await becomes(() => rowsOf(page).count(), 8);
  await page.getByRole("group", {name: "Filter by state"}).getByRole("button", {name: /Crashed/}).click();
  await seen(page, () => document.querySelectorAll("[aria-label=Runs] tbody tr").length === 1);
  await becomes(() => rowsOf(page).first().innerText(), new RegExp(crashed.id));
  await page.getByText("all 1 that match").waitFor();
  await page.waitForURL(/state=crashed/);
  await page.reload();
  await seen(page, () => document.querySelectorAll("[aria-label=Runs] tbody tr").length === 1);
  clean(page);
  await page.context().close();
});

test("brushing an axis with the mouse filters the table; letting go shows all again", async () => {
  const page = await open(browser, server, `/team/vision/sweeps/${sweep}`);
  const plot = page.getByRole("img", {name: /^Parallel coordinates/});
  await rowsOf(page).nth(49).waitFor();
  await page.getByRole("region", {name: "Holds"}).waitFor();
  await plot.scrollIntoViewIfNeeded();
  await settled(page);
  const box = await standing(plot);
  // Four axes (batch_size, lr, optimizer, loss) from 40 px to 70 px before the right edge; the last one is the metric.
  const x = box.x + box.width - 70;
  const [top, bottom] = [box.y + 40, box.y + box.height - 24];
  await page.mouse.move(x, bottom - 2);
  await page.mouse.down();
  for (let i = 1; i <= 10; ++i) await page.mouse.move(x, bottom - 2 - (i * (bottom - top) * 0.3) / 10);
  await page.mouse.up();
  const lie = page.getByText(/of 58 runs lie within the brush/);
  const shown = async () => Number(/(\d+) of 58/.exec(await lie.innerText())[1]);
  await becomes(shown, (n) => n > 0 && n < 58, "the runs within the brush");
  // The table follows the brush: the same runs, once both are told of the last move.
  await becomes(async () => (await rowsOf(page).count()) === (await shown()), true, "as many rows as runs within the brush");
  await settled(page);
  const most = await page.evaluate(() => Math.max(...[...document.querySelectorAll("[aria-label=Runs] tbody tr")].map((r) => Number(r.children[4].textContent))));
  assert.ok(most < 1, `a run with loss ${most} is in the table`);
  await picture(page, "sweep-brushed");
  await page.getByRole("button", {name: "Clear brush"}).click();
  await rowsOf(page).nth(49).waitFor();
  clean(page);
  await page.context().close();
});

test("the same by keyboard: ranges as numbers and ticks", async () => {
  const page = await open(browser, server, `/team/vision/sweeps/${sweep}`);
  await page.getByText("Ranges by keyboard").click();
  await page.getByLabel("lr from").fill("0.02");
  await page.getByLabel("lr from").press("Tab");
  await page.getByText(/of 58 runs lie within the brush/).waitFor();
  await page.getByRole("checkbox", {name: "sgd"}).check();
  await seen(page, () => {
    const rows = [...document.querySelectorAll("[aria-label=Runs] tbody tr")];
    return rows.length > 0 && rows.length < 10 && rows.every((r) => Number(r.children[6].textContent) > 0.02 && r.children[7].textContent === "sgd");
  });
  await page.waitForURL(/ranges=/);
  clean(page);
  await page.context().close();
});

test("what holds it: the dead run, its reason, and the time to its release, ticking", async () => {
  const page = await open(browser, server, `/team/vision/sweeps/${sweep}`);
  const row = page.getByRole("region", {name: "Holds"}).getByRole("row", {name: new RegExp(crashed.id)});
  const left = row.locator("time");
  const first = await left.innerText();
  assert.match(first, /^in (\d+m \d\ds|1h 00m)$/, first);
  await seen(page, ([t, id]) => {
    const rows = [...document.querySelectorAll("[aria-label=Holds] tr")].find((r) => r.textContent.includes(id));
    return rows.querySelector("time").textContent !== t;
  }, [first, crashed.id]);
  await becomes(() => row.innerText(), /configuration/);
  clean(page);
  await page.context().close();
});

test("charts, importance, timeline and grid are drawn, and each has its table", async () => {
  const page = await open(browser, server, `/team/vision/sweeps/${sweep}`);
  await page.getByRole("img", {name: /^Best so far/}).locator("canvas").waitFor();
  await settled(page);
  const first = page.getByRole("region", {name: "Parameter importance"}).locator("tbody tr").first();
  await first.waitFor();
  await becomes(() => first.innerText(), /^lr/, "lr explains most of this loss");
  await page.getByText("Best so far: as a table").click();
  await page.getByRole("region", {name: "Best so far, as a table"}).locator("tbody tr").nth(57).waitFor();
  await becomes(() => overflow(page), "");
  await picture(page, "sweep");
  await page.getByRole("tab", {name: "Timeline"}).click();
  await page.getByRole("img", {name: /^Timeline/}).locator("canvas").waitFor();
  await settled(page);
  await page.getByText("Timeline by agent: as a table").click();
  const lanes = page.getByRole("region", {name: "Timeline by agent, as a table"});
  await lanes.getByText("left · gpu-1").first().waitFor();
  await becomes(() => lanes.getByRole("row", {name: new RegExp(crashed.id)}).innerText(), /failed/, "until when the crashed run's lease lasts");
  await picture(page, "timeline");
  await page.getByRole("tab", {name: "Grid"}).click();
  const cells = page.getByRole("region", {name: "Grid of cells"});
  await cells.getByRole("link").first().waitFor();
  await picture(page, "grid");
  await page.getByLabel("Across").selectOption("lr");
  await becomes(() => cells.getByRole("link").count(), (n) => n >= 18, "cells of lr across");
  await cells.getByRole("link").first().click();
  await page.waitForURL(/\/runs\/\w+/);
  clean(page);
  await page.context().close();
});

test("learning curves of many runs: the best in colour, the numbers beneath", async () => {
  const page = await open(browser, server, `/team/vision/sweeps/${sweep}?tab=curves`);
  await page.getByRole("img", {name: /^Learning curves/}).locator("canvas").waitFor();
  await settled(page);
  await page.getByText(/40 of 58 runs: the best/).waitFor();
  const best = (await server.get(`/api/v1/sweeps/${sweep}`)).best.run;
  await page.getByRole("link", {name: best}).first().waitFor();
  await page.getByText("Learning curves: as a table").click();
  await page.getByRole("region", {name: "Learning curves, as a table"}).locator("tbody tr").nth(79).waitFor();
  await picture(page, "curves");
  await page.getByRole("tab", {name: "Overview"}).click();
  await page.getByRole("img", {name: /^Best so far/}).waitFor();
  assert.equal(await page.getByRole("tab", {name: "Rungs"}).count(), 0, "no rungs without early_terminate");
  clean(page);
  await page.context().close();
});

test("the rung table of early termination: thresholds, who counts, who was stopped", async () => {
  const id = await server.sweep(`name: stopped early
program: train.py
method: random
metric: {name: loss, goal: minimize}
early_terminate: {type: hyperband, min_iter: 1, eta: 2}
parameters:
  lr: {min: 0.0, max: 1.0}
`);
  const worker = await server.agent(id);
  const runs = [];
  for (let i = 0; i < 6; ++i) runs.push(await worker.start());
  const page = await open(browser, server, `/team/vision/sweeps/${id}?tab=rungs`);
  await page.getByText("No run has come to a rung yet").waitFor();
  for (let step = 0; step < 3; ++step) for (const [i, run] of runs.entries()) await worker.report(run, {history: [{loss: i + 1 / (step + 1)}]}).catch(() => {});  // some are stopped by then
  const table = (await server.get(`/api/v1/sweeps/${id}/rungs`)).rungs;
  assert.ok(table.length > 0);
  const row = page.getByRole("region", {name: "Rungs"}).locator("tbody tr").first();
  await becomes(() => row.innerText(), new RegExp(`^${table[0].rung}\t`));
  await becomes(() => row.innerText(), /yes$/);
  await page.getByText(/[1-9] runs? (was|were) stopped early/).waitFor();
  await picture(page, "rungs");
  clean(page);
  await page.context().close();
});

test("the CSV of a chart has every row", async () => {
  const page = await open(browser, server, `/team/vision/sweeps/${sweep}`);
  await page.getByText("Parallel coordinates: as a table").click();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", {name: "Download CSV"}).click()]);
  const text = await (await file.createReadStream()).toArray();
  const lines = Buffer.concat(text).toString().trim().split("\r\n");
  assert.equal(lines.length, 59);
  assert.equal(lines[0], "run,batch_size,lr,optimizer,loss");
  await page.context().close();
});
