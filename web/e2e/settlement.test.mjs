// The console's pages of settlement in a real browser: axe and width at every size, in both languages and themes;
// dialogs before money moves, and plain forms without script. Runs on the sample of that crate:
// cargo build -p settlement --example settlement && node --test web/e2e/settlement.test.mjs

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { axe, fits, launch, newPage, start } from "./lib.mjs";

// The samples are built side by side.
const gallery = process.env.CHOBA_GALLERY ?? `${import.meta.dirname}/../../target/debug/examples/gallery`;
const sample = join(dirname(gallery), "settlement");
const PATHS = [
  "/settlement",
  "/settlement?company=00008",
  "/settlement?min=abc",
  "/settlement/documents/2026-12-30.00008",
  "/settlement/documents/2026-12-30.00009",
  "/settlement/year?company=00008&year=2026",
  "/settlement/simulator?company=00008&brand=visa&amount=12140&on=2026-12-20",
  "/settlement/board",
  "/settlement/paydays/2026-12-15",
  "/settlement/calendar?year=2026&cycle=card",
  "/settlement/adjustments",
  "/settlement/unpaid",
  "/settlement/payees",
  "/settlement/payees/00009",
];
let program;
let chrome;

before(async () => {
  program = await start(sample, []);
  chrome = await launch();
});
after(async () => {
  await chrome?.close();
  await program?.stop();
});

async function open(path, options) {
  const page = await newPage(chrome.browser, options);
  await page.goto(program.url + path, { waitUntil: "load" });
  return page;
}

for (const size of ["small", "tablet", "desktop"]) {
  test(`no page has a violation or is wider than its window: ${size}`, async () => {
    for (const lang of ["ja", "en"]) {
      const page = await newPage(chrome.browser, { size, lang });
      for (const path of PATHS) {
        const answer = await page.goto(program.url + path, { waitUntil: "load" });
        assert.equal(answer.status(), 200, path);
        for (const colorScheme of ["light", "dark"]) {
          await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
          assert.deepEqual(await axe(page), [], `${path} ${size} ${lang} ${colorScheme}`);
        }
        assert.ok(await fits(page, "x"), `${path} ${size} ${lang} is wide`);
      }
      assert.deepEqual(page.complaints, []);
    }
  });
}

test("an adjustment is approved behind a question", async () => {
  const page = await open("/settlement/adjustments", { size: "desktop" });
  const card = page.locator("article").filter({ hasText: "合同会社 灯台" });
  await card.getByRole("button", { name: "承認する" }).first().click();
  const dialog = card.locator("dialog[open]");
  await dialog.waitFor();
  assert.deepEqual(await axe(page), []);
  await dialog.getByRole("button", { name: "やめる" }).click();
  assert.equal(await card.count(), 1, "nothing was approved");
  await card.getByRole("button", { name: "承認する" }).first().click();
  await dialog.locator("button[type=submit]").click();
  await page.waitForURL(/adjustments$/);
  assert.equal(await page.locator("article").filter({ hasText: "合同会社 灯台" }).count(), 0);
});

test("an adjustment is entered without script", async () => {
  const page = await open("/settlement/adjustments", { size: "phone", script: false });
  await page.locator("#company").selectOption("00008");
  await page.locator("#amount").fill("1,234");
  await page.locator("#reason").fill("端末の返却");
  await page.locator("form[action='/settlement/adjustments'] button[type=submit]").click();
  await page.waitForURL(/adjustments$/);
  assert.ok(await page.locator("article").filter({ hasText: "端末の返却" }).count());
});
