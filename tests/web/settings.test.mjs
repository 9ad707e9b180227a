// Settings: a webhook added, tested, told, and removed; what it says of one that does not answer.
import assert from "node:assert/strict";
import {createHmac} from "node:crypto";
import {createServer} from "node:http";
import {after, before, test} from "node:test";
import {becomes, clean, launch, open, picture, settled} from "./lib/browser.mjs";
import {Server, patientGrid, until} from "./lib/server.mjs";

let server, closed, browser, receiver;
const came = [];
let answer = 204;
before(async () => {
  server = await Server.start("--webhooks-private");
  closed = await Server.start();
  browser = await launch();
  receiver = createServer((request, reply) => {
    const parts = [];
    request.on("data", (d) => parts.push(d));
    request.on("end", () => {
      came.push({path: request.url, headers: request.headers, body: Buffer.concat(parts).toString()});
      reply.writeHead(answer).end();
    });
  });
  await new Promise((ready) => receiver.listen(0, "127.0.0.1", ready));
});
after(async () => {
  await browser?.close();
  await server?.stop();
  await closed?.stop();
  receiver?.close();
});

test("a webhook is added, tested, told what happens under its signature, and removed", async () => {
  const address = `http://127.0.0.1:${receiver.address().port}/services/T0/hidden`;
  const page = await open(browser, server, "/settings");
  await page.getByText("No webhooks").waitFor();
  await page.getByRole("button", {name: "New webhook"}).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("lab chat");
  await dialog.getByLabel("Address").fill("ftp://example.org");
  page.expectRefusal = true;
  await dialog.getByRole("button", {name: "Add webhook"}).click();
  await dialog.getByText("must begin with https:// or http://").waitFor();
  page.expectRefusal = false;
  await dialog.getByLabel("Address").fill(address);
  const {components} = await server.get("/openapi.json");
  await becomes(() => dialog.getByRole("checkbox").count(), components.schemas.webhook_kind.enum.length, "a tick for each kind");
  await dialog.getByRole("checkbox", {name: "a run failed"}).uncheck();
  await picture(page, "webhook-new");
  await dialog.getByRole("button", {name: "Add webhook"}).click();
  const secret = await becomes(() => page.getByRole("dialog").locator("pre").innerText(), /^whsec_\w{64}$/);
  await page.getByRole("button", {name: "I have it"}).click();
  const row = page.getByRole("row", {name: /lab chat/});
  await row.getByText("not tried yet").waitFor();

  await row.getByRole("button", {name: "Test lab chat"}).click();
  await page.getByText(/lab chat took it, in \d+ ms/).waitFor();
  assert.equal(came.length, 1);
  assert.equal(JSON.parse(came[0].body).test, true);
  answer = 500;
  await row.getByRole("button", {name: "Test lab chat"}).click();
  await page.getByText("lab chat did not take it: answered 500").waitFor();
  await row.getByText("answered 500").waitFor();
  await picture(page, "webhooks");
  answer = 204;

  const sweep = await server.sweep(patientGrid);
  const worker = await server.agent(sweep);
  const run = await worker.start();
  await worker.crash(run);
  const told = await until("the crash to be told", () => came.slice(2).find((c) => c.body.includes(run.id)));
  assert.equal(told.path, "/services/T0/hidden");
  const [, time, mac] = /^t=(\d+),v1=(\w+)$/.exec(told.headers["sweepd-signature"]);
  assert.equal(mac, createHmac("sha256", secret).update(`${time}.${told.body}`).digest("hex"));
  const [event] = JSON.parse(told.body).events;
  assert.equal(event.kind, "run_crashed");
  assert.match(event.text, new RegExp(`^Run ${run.id} of grid of digits crashed`));
  await becomes(() => row.innerText(), /\t1\t/, "one delivery");
  assert.ok(!(await page.content()).includes("/services/T0"), "the address is not shown");

  await row.getByRole("button", {name: "Remove lab chat"}).click();
  await page.getByRole("dialog").getByRole("button", {name: "Remove", exact: true}).click();
  await page.getByText("No webhooks").waitFor();
  await page.goto(server.url + "/events?type=webhook_changed");
  await page.getByRole("row", {name: /removed/}).waitFor();
  await settled(page);
  clean(page);
  await page.context().close();
});

test("a server speaks to no private address unless it was told that it may", async () => {
  const seen = came.length;
  const made = await closed.post("/api/v1/webhooks", {name: "inside", url: `http://127.0.0.1:${receiver.address().port}/`});
  const page = await open(browser, closed, "/settings");
  await page.getByRole("button", {name: "Test inside"}).click();
  await page.getByText("inside did not take it: 127.0.0.1 is an address that may not be spoken to").waitFor();
  const told = await closed.post(`/api/v1/webhooks/${made.id}/test`);
  assert.equal(told.taken, false);
  assert.equal(came.length, seen);
  clean(page);
  await page.context().close();
});
