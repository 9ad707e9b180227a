// A run that crashes: its evidence, output and files; marked as failed from the kebab menu, undone; many at once.
import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import {becomes, clean, launch, open, picture, settled} from "./lib/browser.mjs";
import {Server, patientGrid} from "./lib/server.mjs";

let server, browser, sweep, worker;
before(async () => {
  server = await Server.start();
  browser = await launch();
  sweep = await server.sweep(patientGrid);
  worker = await server.agent(sweep);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const standing = (page) => page.locator(".tiles .state").first();
const stateOf = async (id) => (await server.get("/api/v1/runs/" + id)).state;

test("a run that crashes before one's eyes, marked as failed from its menu with a reason, and undone", async () => {
  const run = await worker.start();
  await worker.report(run, {log: "epoch 1\nRuntimeError: CUDA out of memory\n"});
  const page = await open(browser, server, `/team/vision/sweeps/${sweep}`);
  const row = page.getByRole("region", {name: "Runs"}).getByRole("row", {name: new RegExp(run.id)});
  await row.getByText("Running").waitFor();
  await worker.crash(run);
  await row.getByText("Crashed").waitFor();
  await row.getByText("oom").waitFor();

  await row.getByRole("button", {name: "Actions for run " + run.id}).click();
  await picture(page, "kebab", {whole: false});
  await page.getByRole("menuitem", {name: "Mark as failed"}).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("1 run would change").waitFor();
  const what = await dialog.getByRole("row", {name: new RegExp(run.id)}).innerText();
  assert.match(what, /configuration/, "says what it holds");
  await dialog.getByLabel("Reason").fill("the node has too little memory");
  await picture(page, "mark-failed");
  await dialog.getByRole("button", {name: "Mark as failed (1)"}).click();
  await row.getByText("Failed").waitFor();
  assert.equal(await stateOf(run.id), "failed");

  await page.locator(".notice").getByRole("button", {name: "Undo"}).click();
  await row.getByText("Crashed").waitFor();
  assert.equal(await stateOf(run.id), "crashed");

  await page.goto(server.url + `/team/vision/runs/${run.id}?tab=history`);
  const history = page.getByRole("region", {name: "Events"});
  await history.getByText("the node has too little memory").first().waitFor();
  await history.getByText("RuntimeError: CUDA out of memory").first().waitFor();
  await history.getByText("user").first().waitFor();  // who did it
  await picture(page, "state-history");
  clean(page);
  await page.context().close();
});

test("many at once: what each holds and would release is shown first, and done only then", async () => {
  const runs = [];
  for (let i = 0; i < 4; ++i) {
    const run = await worker.start();
    if (i < 3) await worker.crash(run);
    runs.push(run);
  }
  const page = await open(browser, server, `/team/vision/sweeps/${sweep}`);
  const table = page.getByRole("region", {name: "Runs"});
  for (const r of runs) await table.getByRole("checkbox", {name: "Choose run " + r.id}).check();
  await page.getByText("4 chosen").waitFor();
  await page.getByRole("button", {name: "Actions", exact: true}).click();
  await page.getByRole("menuitem", {name: "Mark as failed"}).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("3 runs would change").waitFor();
  assert.match(await dialog.getByRole("row", {name: new RegExp(runs[3].id)}).innerText(), /left alone: it is running/);
  await picture(page, "bulk-preview");
  assert.equal(await stateOf(runs[0].id), "crashed", "a preview changes nothing");
  await dialog.getByLabel("Reason").fill("rack 7 lost its power");
  await dialog.getByRole("button", {name: "Mark as failed (3)"}).click();
  await page.getByText("Mark as failed: 3 runs, 1 left alone").waitFor();
  assert.deepEqual(await Promise.all(runs.map((r) => stateOf(r.id))), ["failed", "failed", "failed", "running"]);

  // By filter: all crashed ones there are, without choosing any.
  await page.getByRole("group", {name: "Filter by state"}).getByRole("button", {name: /Crashed/}).click();
  await page.getByText(/all 1 that match/).waitFor();
  await page.getByRole("button", {name: "Actions", exact: true}).click();
  await page.getByRole("menuitem", {name: "Requeue"}).click();
  await dialog.getByText("1 run would change").waitFor();
  await dialog.getByRole("button", {name: /^Requeue/}).click();
  await page.getByText("Requeue: 1 run").waitFor();
  clean(page);
  await page.context().close();
});

test("deleting: from the menu and in bulk, out of every list, and back while there is time", async () => {
  const runs = [];
  for (let i = 0; i < 3; ++i) {
    const run = await worker.start();
    await worker.report(run, {log: "words\n"});
    if (i < 2) await worker.finish(run);
    runs.push(run);
  }
  const page = await open(browser, server, `/team/vision/sweeps/${sweep}`);
  const table = page.getByRole("region", {name: "Runs"});
  const row = (run) => table.getByRole("row", {name: new RegExp(run.id)});
  await row(runs[2]).getByRole("button", {name: "Actions for run " + runs[2].id}).click();
  await page.getByRole("menuitem", {name: "Stop"}).waitFor();
  assert.equal(await page.getByRole("menuitem", {name: "Delete"}).count(), 0, "a live run is not offered to be deleted");
  await page.keyboard.press("Escape");
  await row(runs[0]).getByRole("button", {name: "Actions for run " + runs[0].id}).click();
  await page.getByRole("menuitem", {name: "Delete"}).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("1 run would change").waitFor();
  await dialog.getByText("disappear from every list").waitFor();
  await picture(page, "delete");
  await dialog.getByRole("button", {name: "Delete (1)"}).click();
  await row(runs[0]).waitFor({state: "detached"});
  await page.locator(".notice").getByRole("button", {name: "Undo"}).click();
  await row(runs[0]).waitFor();

  for (const r of runs) await table.getByRole("checkbox", {name: "Choose run " + r.id}).check();
  await page.getByText("3 chosen").waitFor();
  await page.getByRole("button", {name: "Actions", exact: true}).click();
  await page.getByRole("menuitem", {name: "Delete"}).click();
  await dialog.getByText("2 runs would change").waitFor();
  await becomes(() => dialog.getByRole("row", {name: new RegExp(runs[2].id)}).innerText(), /left alone: it is running/);
  await dialog.getByLabel("Reason").fill("trial runs");
  await dialog.getByRole("button", {name: "Delete (2)"}).click();
  for (const r of runs.slice(0, 2)) await row(r).waitFor({state: "detached"});
  await row(runs[2]).waitFor();

  await page.goto(server.url + `/team/vision/runs/${runs[1].id}`);
  await page.getByText("This run is deleted").waitFor();
  await picture(page, "deleted");
  await page.getByRole("button", {name: "Actions for run " + runs[1].id}).click();
  await page.getByRole("menuitem", {name: "Undo"}).click();
  await dialog.getByRole("button", {name: "Undo (1)"}).click();
  await page.getByText("This run is deleted").waitFor({state: "detached"});
  assert.equal((await server.get("/api/v1/runs/" + runs[1].id)).deleted, false);
  await worker.finish(runs[2]);
  clean(page);
  await page.context().close();
});

test("the output as it grows, without colour codes; then the charts up to the last point", async () => {
  const run = await worker.start();
  await worker.report(run, {
    history: Array.from({length: 30}, (_, i) => ({_step: i, loss: 1 / (i + 1), "system/gpu": 50 + i})),
    log: "\u001b[32mstarting\u001b[0m\n 10%\r 20%\r 30%\n",
  });
  const page = await open(browser, server, `/team/vision/runs/${run.id}?tab=output`);
  const log = page.getByRole("log");
  await log.getByText("starting").waitFor();
  await becomes(() => log.evaluate((e) => e.textContent), "starting\n 30%\n");
  await worker.report(run, {log: "and on it goes\n"});
  await log.getByText("and on it goes").waitFor();
  await picture(page, "output");
  await worker.crash(run);
  await standing(page).getByText("Crashed").waitFor();
  await page.getByRole("tab", {name: "Charts"}).click();
  await page.getByRole("img", {name: /^loss/}).locator("canvas").waitFor();
  await page.getByRole("heading", {name: "System", exact: true}).waitFor();
  await page.getByText("loss: as a table").click();
  const rows = page.getByRole("region", {name: "loss, as a table"}).locator("tbody tr");
  await rows.nth(29).waitFor();
  await becomes(() => rows.count(), 30);
  await becomes(() => rows.last().innerText(), /^29\t0\.0333/);
  await settled(page);
  await picture(page, "charts");
  clean(page);
  await page.context().close();
});

test("system metrics, as W&B's client sends them, up to the last before the crash", async () => {
  const run = await worker.start();
  const lines = [1, 2, 3].map((i) => JSON.stringify({_runtime: i * 15, _timestamp: 1_700_000_000 + i * 15, "gpu.0.temp": 60 + i}));
  await server.post(`/files/team/vision/${run.id}/file_stream`, {files: {"wandb-events.jsonl": {offset: 0, content: lines}}});
  await worker.crash(run);
  const page = await open(browser, server, `/team/vision/runs/${run.id}?tab=charts`);
  await page.getByRole("heading", {name: "System"}).waitFor();
  await page.getByRole("img", {name: /^gpu.0.temp/}).locator("canvas").waitFor();
  await page.getByText("gpu.0.temp: as a table").click();
  const rows = page.getByRole("region", {name: "gpu.0.temp, as a table"}).locator("tbody tr");
  await becomes(() => rows.last().innerText(), /^45\t63/);
  await picture(page, "system");
  clean(page);
  await page.context().close();
});

test("its files, the ones for diagnosis first, come down as they went up", async () => {
  const run = await worker.start();
  await worker.upload(run, "weights/model.bin", "x".repeat(70_000));
  await worker.upload(run, "debug-internal.log", "internal\n");
  await worker.upload(run, "output.log", "what it said\n");
  await worker.finish(run, {exit_code: 1});
  const page = await open(browser, server, `/team/vision/runs/${run.id}?tab=files`);
  const files = page.getByRole("region", {name: "Files"}).locator("tbody tr");
  await files.nth(2).waitFor();
  await becomes(async () => (await files.locator("th").allInnerTexts()).join(" "), "output.log debug-internal.log weights/model.bin");
  await picture(page, "files");
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", {name: "Download output.log"}).click()]);
  assert.equal(file.suggestedFilename(), "output.log");
  assert.equal(Buffer.concat(await (await file.createReadStream()).toArray()).toString(), "what it said\n");
  clean(page);
  await page.context().close();
});

test("stopping a live run from its page", async () => {
  const run = await worker.start();
  const page = await open(browser, server, `/team/vision/runs/${run.id}`);
  await standing(page).getByText("Running").waitFor();
  await page.getByRole("button", {name: "Actions for run " + run.id}).click();
  await page.getByRole("menuitem", {name: "Stop"}).click();
  await page.getByRole("dialog").getByRole("button", {name: "Stop (1)"}).click();
  await standing(page).getByText("Killed").waitFor();
  await page.getByText("Its agent is told to stop it").waitFor();
  await picture(page, "run");
  clean(page);
  await page.context().close();
});
