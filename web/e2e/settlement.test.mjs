// The console's pages of settlement in a real browser: axe and width at every size, in both languages and themes;
// dialogs before money moves, and plain forms without script. Runs on the sample of that crate:
// cargo build -p settlement --example settlement && node --test web/e2e/settlement.test.mjs

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { axe, fits, launch, newPage, SIZES, start } from "./lib.mjs";

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
  "/settlement/terms",
  "/settlement/terms?company=00008",
  "/settlement/terms?company=00008&brand=paypay",
  "/settlement/issuer",
  "/settlement/remitter",
];
let program;
let chrome;

/** For eyes: pictures go into the folder that CHOBA_SHOTS names. */
async function shot(page, name) {
  if (process.env.CHOBA_SHOTS) await page.screenshot({ path: join(process.env.CHOBA_SHOTS, `${name}.png`), fullPage: true });
}

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

test("a narrow window opens the menu from the bar, by touch and by keyboard, and it closes again", async () => {
  const page = await open("/settlement/terms?company=00008", { size: "phone", lang: "en" });
  const menu = page.locator("#menu");
  assert.equal(await menu.isVisible(), false);
  await page.locator(".menu-open").tap();
  await menu.locator("[aria-current=page]").waitFor();
  assert.ok(await menu.locator("a").last().isVisible(), "every room is in sight or below");
  assert.deepEqual(await axe(page), []);
  await menu.locator(".menu-close").tap();
  await menu.waitFor({ state: "hidden" });
  await page.locator(".menu-open").press("Enter");
  await menu.waitFor();
  await page.keyboard.press("Escape");
  await menu.waitFor({ state: "hidden" });
  await page.setViewportSize(SIZES.desktop);
  assert.ok(await menu.isVisible(), "a wide window shows it beside the page");
  assert.equal(await page.locator(".menu-open").isVisible(), false);
});

test("the other language shows the same company and keeps what was typed wrong", async () => {
  const page = await open("/settlement/terms?company=00008&brand=paypay", { size: "desktop" });
  await page.locator("a.lang").click();
  await page.waitForURL(/company=00008&brand=paypay/);
  await page.goto(`${program.url}/settlement?max=abc`, { waitUntil: "load" });
  assert.equal(await page.locator("#max").inputValue(), "abc");
  assert.equal(await page.locator("#max").getAttribute("aria-invalid"), "true");
  assert.equal(await page.locator("#min").getAttribute("aria-invalid"), null);
});

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

test("a pay day is approved by one, its file made by another, and every page on the way is clean", async () => {
  const page = await newPage(chrome.browser, { size: "tablet", lang: "ja" });
  const go = (path) => page.goto(program.url + path, { waitUntil: "load" });
  const clean = async (what) => {
    for (const [name, size] of Object.entries(SIZES)) {
      await page.setViewportSize(size);
      assert.ok(await fits(page, "x"), `${what} is wide at ${name}`);
    }
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      assert.deepEqual(await axe(page), [], `${what} ${colorScheme}`);
      await shot(page, `${what}-${colorScheme}`);
    }
  };
  // A question, and yes.
  const answer = async (name) => {
    await page.getByRole("button", { name }).first().click();
    const dialog = page.locator("dialog[open]");
    await dialog.waitFor();
    await dialog.locator("button[type=submit]").last().click();
    await page.waitForLoadState("load");
  };
  const day = "/settlement/paydays/2026-12-15";
  await go("/as/ito");
  await go(day);
  await answer("承認する");
  await clean("payday-approved");
  await go("/as/aoki");
  await go(day);
  await answer("振込ファイルを作成する");
  await go(day);
  await clean("payday-exported");
  const file = page.locator("a[href^='/settlement/files/']").first();
  await go(await file.getAttribute("href"));
  await clean("file");
  await go("/settlement/payouts/2026-12-15.00008.1");
  await clean("payout");
  await go("/settlement/payees/00008");
  const password = page.locator("form[action$='/password'] button");
  await page.locator("button[command], button[commandfor], summary, button").filter({ hasText: (await password.first().textContent()).trim() }).first().click();
  await password.first().click();
  await page.waitForLoadState("load");
  await clean("password");
  assert.deepEqual(page.complaints, []);
});

test("terms are entered without script, refused by name and withdrawn behind a question", async () => {
  const plain = await open("/settlement/terms?company=00009", { size: "phone", script: false });
  await plain.locator("#from").fill("2026-12-20");
  await plain.locator("#minimum").fill("1,000");
  const form = plain.locator("form[method=post][action='/settlement/terms']");
  await form.locator("button[type=submit]").last().click();
  await plain.locator("#from-error").waitFor();
  assert.equal(await plain.locator("#minimum").inputValue(), "1,000", "what was typed stays");
  await plain.locator("#from").fill("2027-02-01");
  await form.locator("button[type=submit]").last().click();
  await plain.waitForURL(/terms\?company=00009$/);
  const page = await open("/settlement/terms?company=00009", { size: "desktop" });
  const planned = page.locator("tr").filter({ hasText: "2027/02/01" });
  await planned.getByRole("button", { name: "取り消す" }).first().click();
  const dialog = planned.locator("dialog[open]");
  await dialog.waitFor();
  assert.deepEqual(await axe(page), []);
  await dialog.locator("button[type=submit]").click();
  await page.waitForLoadState("load");
  assert.equal(await page.locator("tr").filter({ hasText: "2027/02/01" }).count(), 0);
  assert.deepEqual(page.complaints, []);
});

test("a paying account is confirmed by a second person behind a question", async () => {
  const page = await open("/as/ito", { size: "phone" });
  await page.goto(`${program.url}/settlement/remitter`, { waitUntil: "load" });
  await page.getByRole("button", { name: "口座を確認する" }).click();
  const dialog = page.locator("dialog[open]");
  await dialog.waitFor();
  assert.deepEqual(await axe(page), []);
  await dialog.locator("#account-again").fill("1234500");
  await dialog.locator("button[type=submit]").last().click();
  await page.waitForLoadState("load");
  assert.equal(await page.getByRole("button", { name: "口座を確認する" }).count(), 0, "nothing waits any more");
  assert.deepEqual(await axe(page), []);
  await page.goto(`${program.url}/as/aoki`, { waitUntil: "load" });
  assert.deepEqual(page.complaints, []);
});
