// Pictures of every sample screen of the gallery, and axe on each: node shots.mjs [--out DIR]
// [--only REGEX] [--sizes small,phone,…]. Exits with 1 on a violation, a complaint of the policy, a
// page wider than its window, or a terminal screen that must not scroll and does.

import { mkdirSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { SIZES, axe, fits, launch, newPage, start } from "./e2e/lib.mjs";

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const out = option("out", `${import.meta.dirname}/../target/shots`);
const only = new RegExp(option("only", "."));
const sizes = option("sizes", Object.keys(SIZES).join(",")).split(",");
const gallery = option("gallery", `${import.meta.dirname}/../target/debug/examples/gallery`);

// What a clerk and a customer look at together never scrolls, also on the smallest terminal.
const STILL = /^t-(amount|method|wait|pin|sign|processing|approved|declined|unknown|receipt-qr|training)$/;

mkdirSync(out, { recursive: true });
const names = execFileSync(gallery, ["list"], { encoding: "utf8" }).trim().split("\n").filter((n) => only.test(n));
const program = await start(gallery, ["serve"]);
const { browser, close } = await launch();
const wrong = [];
let shots = 0;
try {
  for (const size of sizes) {
    for (const [theme, langs] of [["light", ["ja", "en"]], ["dark", ["ja"]]]) {
      for (const lang of langs) {
        const page = await newPage(browser, { size, lang, theme });
        for (const name of names) {
          const label = `${name}-${size}-${theme}-${lang}`;
          page.complaints.length = 0;
          await page.goto(`${program.url}/${lang}/${name}`, { waitUntil: "load" });
          await page.evaluate(() => document.fonts.ready);
          await page.screenshot({ path: `${out}/${label}.png`, fullPage: !STILL.test(name) });
          shots += 1;
          for (const line of await axe(page)) wrong.push(`${label}: axe ${line}`);
          for (const line of page.complaints) wrong.push(`${label}: browser ${line}`);
          if (!(await fits(page, "x"))) wrong.push(`${label}: wider than the window`);
          if (STILL.test(name) && !(await fits(page))) wrong.push(`${label}: must not scroll`);
        }
        await page.context().close();
      }
    }
  }
} finally {
  await close();
  await program.stop();
}
console.log(`${shots} pictures in ${out}`);
for (const line of wrong) console.error(line);
if (wrong.length > 0) process.exit(1);
