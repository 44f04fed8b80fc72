// Writes the page into internal/ui/static/chat, from where the Go binary embeds it. The output is committed, so that a
// machine with Go alone builds parley; `make verify` says whether the committed files are what this script writes.
import { build } from "esbuild";
import { copyFile, mkdir, readFile, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.resolve(here, "../../internal/ui/static/chat");
const pages = ["index.html", "chat.css"];

const { version } = JSON.parse(await readFile(path.join(here, "node_modules/amazon-connect-chatjs/package.json"), "utf8"));

await mkdir(out, { recursive: true });
for (const old of await readdir(out)) {
  await rm(path.join(out, old), { recursive: true });
}
for (const page of pages) {
  await copyFile(path.join(here, "src", page), path.join(out, page));
}
await build({
  entryPoints: [path.join(here, "src/chat.ts")],
  outfile: path.join(out, "chat.js"),
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  banner: {
    js: `/*! parley chat page, Apache-2.0. Bundles amazon-connect-chatjs ${version}, Copyright Amazon.com, Inc. or its affiliates, Apache-2.0. */`,
  },
  logLevel: "warning",
});
