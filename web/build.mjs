// Writes the pages into internal/ui/static, from where the Go binary embeds them. The output is committed, so that a
// machine with Go alone builds parley; `make verify` says whether the committed files are what this script writes.
import { build } from "esbuild";
import { copyFile, mkdir, readFile, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const { version } = JSON.parse(await readFile(path.join(here, "node_modules/amazon-connect-chatjs/package.json"), "utf8"));

const pages = {
  chat: `/*! parley chat page, Apache-2.0. Bundles amazon-connect-chatjs ${version}, Copyright Amazon.com, Inc. or its affiliates, Apache-2.0. */`,
  ccp: "/*! parley Contact Control Panel, Apache-2.0. */",
};

for (const [page, banner] of Object.entries(pages)) {
  const source = path.join(here, page, "src");
  const out = path.resolve(here, "../internal/ui/static", page);
  
  await mkdir(out, { recursive: true });
  for (const old of await readdir(out)) {
    await rm(path.join(out, old), { recursive: true });
  }
  for (const file of ["index.html", `${page}.css`]) {
    await copyFile(path.join(source, file), path.join(out, file));
  }
  await build({
    entryPoints: [path.join(source, `${page}.ts`)],
    outfile: path.join(out, `${page}.js`),
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    banner: { js: banner },
    logLevel: "warning",
  });
}
