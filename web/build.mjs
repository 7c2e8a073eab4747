// Bundles the style sheet and one script per surface into dist/, with a .gz beside each, and fails
// when a page would load more script than it may. The font of the papers goes to fonts/, which no page serves.

import { build } from "esbuild";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const MOST_SCRIPT_PER_PAGE = 40_000;
const here = new URL(".", import.meta.url).pathname;
const surfaces = ["terminal", "console", "desk", "receipt"];

await rm(`${here}dist`, { recursive: true, force: true });
await mkdir(`${here}dist`, { recursive: true });

await build({
  entryPoints: [...surfaces.map((name) => `${here}src/${name}.ts`), `${here}css/app.css`],
  outdir: `${here}dist`,
  entryNames: "[name]",
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome120", "firefox128", "safari17.5"],
  legalComments: "none",
  logLevel: "warning",
});

// The payment notice (crates/notice) embeds this font; its licence travels beside it.
const font = `${here}node_modules/@expo-google-fonts/biz-udpgothic`;
await mkdir(`${here}fonts`, { recursive: true });
await copyFile(`${font}/400Regular/BIZUDPGothic_400Regular.ttf`, `${here}fonts/BIZUDPGothic-Regular.ttf`);
await copyFile(`${font}/LICENSE_FONT`, `${here}fonts/BIZUDPGothic-LICENSE.txt`);

let tooBig = false;
for (const name of [...surfaces.map((s) => `${s}.js`), "app.css"]) {
  const bytes = await readFile(`${here}dist/${name}`);
  const packed = gzipSync(bytes, { level: 9 });
  await writeFile(`${here}dist/${name}.gz`, packed);
  const over = name.endsWith(".js") && packed.length > MOST_SCRIPT_PER_PAGE;
  tooBig ||= over;
  console.log(`${name.padEnd(14)} ${String(bytes.length).padStart(7)} B  ${String(packed.length).padStart(6)} B gzip${over ? "  TOO BIG" : ""}`);
}
if (tooBig) {
  console.error(`a page may load at most ${MOST_SCRIPT_PER_PAGE} bytes of gzipped script`);
  process.exit(1);
}
