// Bundles the page: `node build.mjs SOURCES OUT`, in a folder with its node_modules. app.js is the page, charts.js ECharts (loaded when a chart is first
// shown). Writes gzip files that the server sends as they are, and refuses to outgrow its limit.
import * as esbuild from "esbuild";
import {gzipSync} from "node:zlib";
import {mkdirSync, readFileSync, writeFileSync} from "node:fs";
import path from "node:path";

const limitBytes = 300 * 1024;
const here = path.resolve(process.argv[2]);
const out = path.resolve(process.argv[3]);
mkdirSync(out, {recursive: true});

const common = {
  absWorkingDir: here,
  nodePaths: [path.resolve("node_modules")],
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2020"],
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  define: {"process.env.NODE_ENV": '"production"', __DEV__: "false"},
  write: false,
  logLevel: "warning",
};
const app = await esbuild.build({
  ...common,
  entryPoints: {app: "src/main.tsx"},
  external: ["/assets/charts.js"],
  outdir: out,
});
const charts = await esbuild.build({...common, entryPoints: {charts: "src/charts.ts"}, outdir: out});

let total = 0;
for (const file of [...app.outputFiles, ...charts.outputFiles]) {
  const packed = gzipSync(file.contents, {level: 9});
  total += packed.length;
  writeFileSync(file.path + ".gz", packed);
}
for (const name of ["index.html", "icon.svg"]) {
  const text = readFileSync(path.join(here, "src", name));
  total += gzipSync(text, {level: 9}).length;
  writeFileSync(path.join(out, name), text);
}
console.log(`the web page: ${(total / 1024).toFixed(0)} KB compressed`);
if (total > limitBytes) {
  console.error(`error: the page is over its limit of ${limitBytes / 1024} KB compressed`);
  process.exit(1);
}
