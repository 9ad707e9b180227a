// The page's arithmetic, without a browser: importance, CSV, what a terminal would show, durations.
import assert from "node:assert/strict";
import {mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import path from "node:path";
import {createRequire} from "node:module";
import {after, before, test} from "node:test";

const work = process.env.SWEEPD_WEB_TOOLS;
const {build} = createRequire(path.join(work, "ui/"))("esbuild");
let dir, page;
before(async () => {
  dir = mkdtempSync(path.join(tmpdir(), "sweepd-units-"));
  // What the modules ask of a browser when they are loaded.
  globalThis.window = {addEventListener() {}};
  globalThis.document = {addEventListener() {}};
  globalThis.matchMedia = () => ({matches: false, addEventListener() {}});
  await build({
    stdin: {
      contents: ["importance", "chart", "log_view", "format", "policy_panel", "editor", "run_charts", "parallel", "curve_data", "timeline"].map((m) => `export * as ${m} from "./${m}";`).join("\n"),
      resolveDir: path.join(process.env.SWEEPD_UI, "src"),
      loader: "ts",
    },
    bundle: true, format: "esm", outfile: path.join(dir, "page.mjs"), nodePaths: [path.join(work, "ui/node_modules")],
    jsx: "automatic", jsxImportSource: "preact", logLevel: "error",
  });
  page = await import(path.join(dir, "page.mjs"));
});
after(() => rmSync(dir, {recursive: true, force: true}));

test("importance: what makes the metric comes first, noise last, and the same data give the same answer", () => {
  const {importances} = page.importance;
  let seed = 1;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const n = 200;
  const a = Array.from({length: n}, random);
  const b = Array.from({length: n}, random);
  const noise = Array.from({length: n}, random);
  const kind = Array.from({length: n}, () => (random() < 0.5 ? "x" : "y"));
  const metric = a.map((v, i) => 5 * v + b[i] + (kind[i] === "x" ? 2 : 0));
  const found = importances({noise, b, a, kind}, metric);
  assert.deepEqual(found.map((f) => f.name).slice(0, 2), ["a", "kind"]);
  assert.ok(found[0].share > 0.5 && found[0].spread > 0, JSON.stringify(found[0]));
  assert.ok(found.find((f) => f.name === "noise").share < 0.12);
  assert.ok(Math.abs(found.reduce((s, f) => s + f.share, 0) - 1) < 1e-9);
  assert.ok(found[0].correlation > 0.7);
  assert.equal(found[1].correlation, null);
  assert.deepEqual(importances({noise, b, a, kind}, metric), found);
  assert.deepEqual(importances({a: a.slice(0, 5)}, metric.slice(0, 5)), [], "too few runs");
  assert.deepEqual(importances({a}, metric.map(() => null)), []);
  assert.equal(page.importance.spearman([1, 2, 3, 4], [8, 6, 4, 2]), -1);
  assert.equal(page.importance.spearman([1, 1, 1], [1, 2, 3]), 0);
});

test("csv: quotes what must be, and disarms formulas", async () => {
  const text = await page.chart.csv({columns: ["a", "b"], rows: [['x"y', 1.5], ["=1+1", null], ["two\nlines", -3], ["-x", true]]}).text();
  assert.equal(text, 'a,b\r\n"x""y",1.5\r\n\'=1+1,\r\n"two\nlines",-3\r\n\'-x,true\r\n');
});

test("output: colour codes go, a redrawn line shows its last state, control characters are marked", () => {
  const {plain} = page.log_view;
  assert.equal(plain("\u001b[1;31mred\u001b[0m\nA\rB\nC\r\n"), "red\nB\nC\n");
  assert.equal(plain("\u001b]0;title\u0007x\u0000y"), "x\ufffdy");
  assert.ok(plain("z".repeat(10_000)).endsWith("(cut)"));
  assert.equal(plain(" 10%\r 20%"), " 20%");
});

test("numbers and durations are short", () => {
  const {number, duration, value, parameter} = page.format;
  assert.equal(number(0.011358339443372738), "0.011358");
  assert.equal(number(1.23e-7), "1.230e-7");
  assert.equal(number(120000), "120,000");
  assert.equal(number(null), "–");
  assert.equal(duration(250_000), "4m 10s");
  assert.equal(duration(90_061_000), "1d 1h");
  assert.equal(value({a: [1]}), '{"a":[1]}');
  assert.equal(parameter({value: 0}), 0);
  assert.equal(parameter(undefined), null);
});

test("policy: the mode is switched wherever it stands", () => {
  const {withMode} = page.policy_panel;
  assert.equal(withMode("crash_policy:\n  mode: enforce\n  fail_after: 1h\n", "observe"), "crash_policy:\n  mode: observe\n  fail_after: 1h\n");
  assert.equal(withMode("crash_policy:\n  fail_after: 1h\n", "off"), "crash_policy:\n  mode: off\n  fail_after: 1h\n");
  assert.equal(withMode("fail_after: 1h\n", "observe"), "mode: observe\nfail_after: 1h\n");
});

test("editor: places are read from FILE:LINE:COLUMN", () => {
  assert.deepEqual(page.editor.place("sweep.yaml:12:5"), {line: 12, column: 5});
  assert.deepEqual(page.editor.place("a:b.yaml:3"), {line: 3, column: 1});
  assert.deepEqual(page.editor.place("no place"), {line: 0, column: 0});
});

test("history: long ones are read in parts that keep the first and the last page", () => {
  const {pagesOf} = page.run_charts;
  assert.deepEqual(pagesOf(0), []);
  assert.deepEqual(pagesOf(1500), [0, 1]);
  const many = pagesOf(500_000);
  assert.equal(many.length, 20);
  assert.equal(many[0], 0);
  assert.equal(many.at(-1), 499);
});

test("curves: the best, the live and an even choice are drawn; long histories are read in slices that keep the ends", () => {
  const {chosenRuns, ranges} = page.curve_data;
  const n = 200;
  const columns = {
    id: Array.from({length: n}, (_, i) => "r" + i),
    state: Array.from({length: n}, (_, i) => (i === 150 ? "running" : "finished")),
    value: Array.from({length: n}, (_, i) => (i % 10 === 9 ? null : i)),
    started: Array.from({length: n}, () => 1),
  };
  const low = chosenRuns({columns}, "minimize");
  assert.deepEqual(low.best, ["r0", "r1", "r2", "r3", "r4"]);
  assert.equal(low.all.length, 40);
  assert.ok(low.all.includes("r150"));
  assert.deepEqual(chosenRuns({columns}, "maximize").best[0], "r198");
  assert.equal(new Set(low.all).size, 40);
  assert.deepEqual(ranges(0), []);
  assert.deepEqual(ranges(1000), [[0, 1000]]);
  const slices = ranges(100_000);
  assert.equal(slices[0][0], 0);
  assert.equal(slices.at(-1)[0] + slices.at(-1)[1], 100_000);
});

test("curves: values lie on straight lines between points; the band holds four fifths of those that come that far", () => {
  const {band, valueAt, curveOf} = page.curve_data;
  assert.equal(valueAt([[0, 2], [10, 4]], 5), 3);
  assert.equal(valueAt([[0, 2], [10, 4]], 11), null);
  assert.equal(valueAt([], 0), null);
  assert.deepEqual(curveOf([{_step: 0, loss: 1}, {_step: 1, loss: "NaN"}, {_step: 2, loss: 3}], "loss", "_step"), [[0, 1], [2, 3]]);
  const curves = Array.from({length: 11}, (_, i) => ({run: "r" + i, state: "finished", points: [[0, i], [i < 9 ? 50 : 100, i]]}));
  const all = band(curves);
  assert.deepEqual([all[0].low, all[0].median, all[0].high], [1, 5, 9]);
  assert.ok(all.at(-1).x <= 50, "two runs alone make no band");
  assert.deepEqual(band(curves.slice(0, 4)), []);
});

test("timeline: marks stand in their run's or agent's lane: heartbeats, leases, what the policy did", () => {
  const {lay, marksOf} = page.timeline;
  const at = (s) => 1_700_000_000_000 + s * 1000;
  const points = {
    agents: ["a1", "a2"],
    columns: {id: ["r1", "r2"], state: ["crashed", "running"], cause: ["oom", "none"], agent: [0, 1], created: [at(0), at(1)], started: [at(0), at(1)], ended: [at(5), null], last_signal: [at(4), at(9)]},
  };
  const {bars, lanes, lanesOf} = lay(points, (id) => "agent " + id, at(10));
  assert.deepEqual(lanes, ["agent a1", "agent a2"]);
  const iso = (s) => new Date(at(s)).toISOString();
  const events = [
    {run: "r1", at: iso(5), actor: {what: "policy", id: "rule 1"}, type: "run_moved", body: {from: "crashed", to: "failed"}},
    {run: "r1", at: iso(6), actor: {what: "user", id: "k"}, type: "run_moved", body: {from: "failed", to: "crashed"}},
  ];
  const live = [{id: "r1", next: {at: iso(60), what: "failed by rule 1"}, lease_until: null}, {id: "r2", next: null, lease_until: iso(300)}];
  const marks = marksOf(bars, lanesOf, [{id: "a1", name: "one", state: "lost", last_beat: iso(4)}], live, events, at(10));
  assert.deepEqual(marks.map((m) => [m.what, m.about, m.lane, m.until ?? m.at]), [
    ["agent heard", "one", 0, at(4)], ["lease", "r1", 0, at(60)], ["lease", "r2", 1, at(300)], ["policy", "r1", 0, at(5)],
  ]);
  assert.match(marks[3].words, /crashed → failed, rule 1/);
});
