// Signing in, launching a sweep from pasted YAML, and seeing what happens without a reload.
import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import {becomes, clean, launch, open, overflow, picture} from "./lib/browser.mjs";
import {Server, until} from "./lib/server.mjs";

let server, browser;
before(async () => {
  server = await Server.start();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test("a pasted file is checked as one types, with line and column, and launched", async () => {
  const page = await open(browser, server);
  await page.getByText("No sweeps yet").waitFor();
  await page.getByRole("link", {name: "New sweep"}).click();
  const editor = page.getByRole("textbox", {name: "Sweep file (YAML)"});
  await editor.fill("program: train.py\nmethod: grid\nmetric: {name: loss, goal: minimise}\nparameters:\n  lr: {values: [0.1, 0.2]}\n");
  const problem = page.getByRole("list", {name: "Problems"}).getByRole("button").first();
  await problem.waitFor();
  await becomes(() => problem.innerText(), /sweep\.yaml:3:\d+/);
  await becomes(() => page.locator(".gutter .wrong").innerText(), "3");
  await becomes(() => page.getByRole("button", {name: "Launch sweep"}).isDisabled(), true);
  await picture(page, "new-sweep-wrong");

  await problem.click();  // leads to the place
  await becomes(() => editor.evaluate((e) => e.value.slice(0, e.selectionStart).split("\n").length), 3);
  await editor.fill("name: first\nprogram: train.py\nmethod: grid\nmetric: {name: loss, goal: minimize}\nparameters:\n  lr: {values: [0.1, 0.2, 0.3]}\n");
  await page.getByText("This file is a sweep").waitFor();
  await page.getByLabel("Project").fill("team/vision");
  await picture(page, "new-sweep");
  await page.getByRole("button", {name: "Launch sweep"}).click();
  await page.waitForURL(/\/team\/vision\/sweeps\/\w+$/);
  await page.getByRole("heading", {name: "first", level: 1}).waitFor();
  clean(page);
  await page.context().close();
});

test("the list and the sweep's page show agents' runs as they appear", async () => {
  const id = await server.sweep("name: live one\nprogram: train.py\nmethod: grid\nmetric: {name: loss, goal: minimize}\nparameters:\n  lr: {values: [0.1, 0.2, 0.3]}\n");
  const list = await open(browser, server);
  const page = await open(browser, server, `/team/vision/sweeps/${id}`);
  await page.getByText("No runs yet").waitFor();
  const row = list.getByRole("row", {name: /live one/});
  await row.getByText("no agent has joined").waitFor();
  let loads = 0;
  for (const p of [list, page]) p.on("framenavigated", () => ++loads);

  const worker = await server.agent(id);
  const run = await worker.start();
  await page.getByRole("row", {name: new RegExp(run.id)}).getByText("Running").waitFor();
  await row.getByText("1 Running").waitFor();
  await worker.report(run, {summary: {loss: 0.25}});
  await worker.finish(run);
  await page.getByRole("row", {name: new RegExp(run.id)}).getByText("Finished").waitFor();
  await row.getByText("0.25").waitFor();
  await row.getByText("1 / 3").waitFor();
  assert.equal(loads, 0, "nothing was loaded anew");
  await page.getByText("Live", {exact: true}).waitFor();
  clean(page);
  clean(list);
  await picture(list, "sweeps");
  for (const p of [list, page]) await p.context().close();
});

test("pause, resume and cancel, each with a reason that is kept", async () => {
  const id = await server.sweep("name: to be paused\nprogram: train.py\nmethod: random\nrun_cap: 5\nparameters:\n  lr: {min: 0.0, max: 1.0}\n");
  const worker = await server.agent(id);
  const run = await worker.start();
  const page = await open(browser, server, `/team/vision/sweeps/${id}`);
  const choose = async (verb) => {
    await page.getByRole("button", {name: "Sweep", exact: true}).click();
    await page.getByRole("menuitem", {name: verb}).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Reason").fill("because of " + verb);
    await dialog.getByRole("button", {name: verb, exact: true}).click();
    await dialog.waitFor({state: "detached"});
  };
  const state = page.locator(".tiles .state").first();
  await choose("Pause");
  await page.locator(".tiles .s-paused").waitFor();
  await choose("Resume");
  await page.locator(".tiles .s-running").waitFor();
  await choose("Cancel");
  await page.locator(".tiles .s-canceled").waitFor();
  await becomes(() => state.innerText(), /Canceled/);
  await page.getByRole("row", {name: new RegExp(run.id)}).getByText("Killed").waitFor();
  await page.getByRole("tab", {name: "Events"}).click();
  await page.getByText("because of Cancel").first().waitFor();
  clean(page);
  await page.context().close();
});

test("the addresses that the W&B client prints open the right pages, also under another project's name", async () => {
  const id = await server.sweep("name: linked\nprogram: train.py\nmethod: grid\nparameters:\n  lr: {values: [1, 2]}\n");
  const run = await (await server.agent(id)).start();
  const page = await open(browser, server, `/somebody/else/sweeps/${id}`);
  await page.getByRole("heading", {name: "linked"}).waitFor();
  await page.waitForURL(`**/team/vision/sweeps/${id}`);
  await page.goto(server.url + `/team/vision/runs/${run.id}`);
  await page.getByRole("heading", {name: "Run " + run.id}).waitFor();
  await page.goto(server.url + "/team/vision");
  await page.getByRole("heading", {name: "team/vision"}).waitFor();
  clean(page);
  page.expectRefusal = true;
  await page.goto(server.url + "/team/vision/runs/nobody");
  await page.getByText("there is no run 'nobody'").waitFor();
  await page.context().close();
});

test("keys: roles decide what is offered, and a wrong or revoked key is told so", async () => {
  const id = await server.sweep("name: guarded\nprogram: train.py\nmethod: grid\nparameters:\n  lr: {values: [1, 2]}\n");
  const worker = await server.agent(id);
  const run = await worker.start();
  const admin = (await server.post("/api/v1/keys", {name: "root", role: "admin", project: "*"})).key;
  server.key = admin;
  const viewer = await server.post("/api/v1/keys", {name: "eyes", role: "viewer", project: "team/vision"});

  const page = await open(browser, server, `/team/vision/sweeps/${id}`, {key: "", allow401: true});
  await page.getByRole("heading", {name: "sweepd"}).waitFor();
  await page.getByLabel("API key").fill("local-0000000000000000000000000000000000000000000");
  await page.getByRole("button", {name: "Sign in"}).click();
  await page.getByText("This key is not valid here").waitFor();
  await picture(page, "sign-in");
  await page.getByLabel("API key").fill(viewer.key);
  await page.getByRole("button", {name: "Sign in"}).click();
  await page.getByRole("row", {name: new RegExp(run.id)}).waitFor();
  await page.locator(".role", {hasText: "viewer"}).waitFor();
  await page.getByText("Live", {exact: true}).waitFor();

  // A viewer finds nothing to act with, anywhere.
  const acts = page.locator("[aria-haspopup=menu], .button.danger, input[type=checkbox][aria-label^=Choose]");
  assert.equal(await acts.count(), 0);
  await page.goto(server.url + `/team/vision/runs/${run.id}`);
  await page.getByRole("heading", {name: "Run " + run.id}).waitFor();
  assert.equal(await acts.count(), 0);
  await page.goto(server.url + `/team/vision/sweeps/${id}?tab=policy`);
  await becomes(() => page.getByRole("textbox", {name: "Crash policy (YAML)"}).getAttribute("readonly"), (v) => v !== null, "the editor to be read-only");
  assert.equal(await page.getByRole("button", {name: "Put in force"}).count(), 0);
  await page.goto(server.url + "/");
  await page.getByRole("row", {name: /guarded/}).waitFor();
  assert.equal(await page.getByRole("link", {name: "New sweep"}).count(), 0);
  await page.goto(server.url + "/settings");
  await page.getByText("looks, changes nothing").waitFor();
  assert.equal(await page.getByRole("button", {name: "New key"}).count(), 0);
  clean(page);

  await server.send("DELETE", `/api/v1/keys/${viewer.id}`);
  const refused = () => fetch(server.url + "/api/v1/whoami", {headers: {Authorization: "Bearer " + viewer.key}}).then((a) => a.status === 401);
  await until("the revoked key to be refused", refused);
  await page.goto(server.url + "/");
  await page.getByLabel("API key").waitFor();
  await page.context().close();

  const boss = await open(browser, server, "/settings", {key: admin});
  await boss.getByRole("button", {name: "New key"}).click();
  const dialog = boss.getByRole("dialog");
  await dialog.getByLabel("Name").fill("for the lab");
  await dialog.getByLabel("Role").selectOption("operator");
  await dialog.getByRole("button", {name: "Make key"}).click();
  await becomes(() => boss.getByRole("dialog").locator("pre").innerText(), /^local-\w{40,}$/);
  await boss.getByRole("button", {name: "I have it"}).click();
  await boss.getByRole("row", {name: /for the lab/}).waitFor();
  await picture(boss, "settings");
  await boss.getByRole("button", {name: "Sign out"}).click();
  await boss.getByLabel("API key").waitFor();
  await boss.context().close();
});

test("the server goes away and comes back: the page says so, and is live again", async () => {
  const other = await Server.start();
  const page = await open(browser, other);
  await page.getByText("Live", {exact: true}).waitFor();
  page.expectRefusal = true;
  await other.stop();
  await page.getByText("Reconnecting").waitFor();
  await becomes(() => overflow(page), "");
  await page.context().close();
});
