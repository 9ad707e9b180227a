// A crash policy with a mistake in it, mended, looked at against live runs, put in force, switched, replayed.
import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import {becomes, clean, launch, open, picture, settled} from "./lib/browser.mjs";
import {Server, patientGrid} from "./lib/server.mjs";

let server, browser, sweep, crashed;
before(async () => {
  server = await Server.start();
  browser = await launch();
  sweep = await server.sweep(patientGrid);
  const worker = await server.agent(sweep);
  crashed = await worker.start();
  await worker.crash(crashed);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test("a mistake stands at its line; the preview is of the text; versions say who and why", async () => {
  const page = await open(browser, server, `/team/vision/sweeps/${sweep}?tab=policy`);
  const editor = page.getByRole("textbox", {name: "Crash policy (YAML)"});
  await editor.waitFor();
  const preview = page.getByRole("region", {name: "What the policy would do"});
  await preview.getByText(crashed.id).waitFor();
  page.expectRefusal = true;  // the browser's console reports the 400s of texts with mistakes
  const text = await becomes(() => editor.inputValue(), /fail_after: 1h/);
  const wrong = text.replace("fail_after: 1h", "fail_after: soon");
  const line = wrong.slice(0, wrong.indexOf("soon")).split("\n").length;
  await editor.fill(wrong);
  const problem = page.getByRole("list", {name: "Problems"}).getByRole("button").first();
  await problem.waitFor();
  await becomes(() => problem.innerText(), new RegExp(`policy\\.yaml:${line}:\\d+`));
  await becomes(() => page.getByRole("button", {name: "Put in force"}).isDisabled(), true);
  await picture(page, "policy-wrong");

  await editor.fill(text.replace(/rules:\n.*\n/, "rules:\n    - {when: {}, do: requeue, after: 30m}\n"));
  await preview.getByText(/requeue/).first().waitFor();
  await page.getByLabel("Reason").fill("spot instances come back");
  await page.getByRole("button", {name: "Put in force"}).click();
  await page.getByRole("heading", {name: "Crash policy, version 2"}).waitFor();
  await page.getByRole("region", {name: "Versions"}).getByText("spot instances come back").waitFor();
  await picture(page, "policy");

  await page.getByRole("button", {name: "Observe"}).click();
  await page.getByRole("heading", {name: "Crash policy, version 3"}).waitFor();
  assert.equal((await server.get(`/api/v1/sweeps/${sweep}`)).policy.mode, "observe");
  await becomes(() => editor.inputValue(), /mode: observe/);
  await page.getByRole("button", {name: "Replay this text"}).click();
  await page.getByText("Held by dead runs").waitFor();
  clean(page);
  await page.goto(server.url + "/policies");
  await page.getByRole("row", {name: /grid of digits/}).getByText("Observe").waitFor();
  await picture(page, "policies");
  await page.context().close();
});

test("agents and events are listed as they change, and the log's chain is verified", async () => {
  const page = await open(browser, server, "/agents");
  await page.getByRole("row", {name: /worker/}).getByText("Live").waitFor();
  await picture(page, "agents");
  const second = await server.agent(sweep, "second", "gpu-9");
  await page.getByRole("row", {name: /second/}).waitFor();
  await server.post(`/api/v1/agents/${second.id}/leave`, {reason: "done"});
  await page.getByRole("row", {name: /second/}).getByText("Left").waitFor();
  await page.goto(server.url + "/events");
  await page.getByRole("row", {name: /Agent moved/}).first().waitFor();
  await page.getByRole("button", {name: "Verify the log"}).click();
  await page.getByText(/events are as they were written/).waitFor();
  await page.getByLabel("What").selectOption("policy_changed");
  await page.getByRole("row", {name: /spot instances/}).waitFor();
  await becomes(() => page.getByRole("row", {name: /Agent moved/}).count(), 0);
  await settled(page);
  await picture(page, "events");
  clean(page);
  await page.context().close();
});
