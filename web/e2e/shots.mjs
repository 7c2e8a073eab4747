// Pictures of every screen of the product, from a running demo, at every size, in light and dark, in
// Japanese and English: node shots.mjs BINARY OUTDIR [--only REGEX] [--sizes phone,…] [--base N]
// [--themes light,dark] [--langs ja,en]. With --base it uses a demo that already runs there.

import { mkdirSync } from "node:fs";
import {
  CLERK, TERMINALS, addresses, atTheConsole, atTheTerminal, byCard, byCode, deskApi, draw, enterAmount, name, openNewestSale,
  startDemo, toKeypad,
} from "./demo.mjs";
import { SIZES, launch, newPage, screenIs } from "./lib.mjs";

const [binary, out] = process.argv.slice(2);
const option = (key, otherwise) => {
  const at = process.argv.indexOf(`--${key}`);
  return at < 0 ? otherwise : process.argv[at + 1];
};
if (!binary || !out) {
  console.error("usage: node shots.mjs BINARY OUTDIR [--only REGEX] [--sizes small,phone,tablet,desktop,wide] [--base N]");
  process.exit(2);
}
const only = new RegExp(option("only", "."));
const list = (key, otherwise) => option(key, otherwise).split(",");
const sizes = list("sizes", Object.keys(SIZES).join(","));
const themes = list("themes", "light,dark");
const langs = list("langs", "ja,en");

mkdirSync(out, { recursive: true });
const running = option("base", "");
const demo = running ? { ...addresses(Number(running)), stop: async () => {} } : await startDemo(binary);
const desk = deskApi(demo);
const { browser, close } = await launch();
const terminal = demo.terminals[0];
let count = 0;

/** One state in every size, theme and language. `back` is the page to come back to. */
async function take(page, label, { full = true } = {}) {
  if (!only.test(label)) return;
  const back = new URL(page.url());
  for (const lang of langs) {
    await page.goto(`${back.origin}/lang/${lang}?back=${encodeURIComponent(back.pathname + back.search)}`);
    for (const size of sizes) {
      await page.setViewportSize(SIZES[size]);
      for (const theme of themes) {
        await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
        await page.evaluate(() => document.fonts.ready);
        await page.screenshot({ path: `${out}/${label}-${size}-${theme}-${lang}.png`, fullPage: full, animations: "disabled" });
        count += 1;
      }
    }
  }
  await page.goto(`${back.origin}/lang/ja?back=${encodeURIComponent(back.pathname + back.search)}`);
  await page.setViewportSize(SIZES.phone);
}

async function rest(page) {
  await page.goto(`${terminal}/go/home`);
  const shown = await name(page);
  if (shown !== "home") {
    await page.locator('[name=press][value=finish]').first().click();
    await page.waitForFunction((was) => document.getElementById("screen").dataset.screen !== was, shown);
    await page.goto(`${terminal}/go/home`);
  }
  await screenIs(page, "home");
}

async function waiting(page, amount, note) {
  await rest(page);
  await toKeypad(page, terminal);
  await enterAmount(page, amount, note);
  await byCard(page);
}

async function waitingForCode(page, amount, note) {
  await rest(page);
  await toKeypad(page, terminal);
  await enterAmount(page, amount, note);
  await byCode(page);
}

/** The chapters of the terminal: each starts from its resting screens and leaves nothing running. */
const chapters = {
  async rooms(page) {
    await page.goto(terminal);
    if ((await name(page)) === "sign-in") {
      await take(page, "t01-sign-in");
      await page.locator("#login_id").fill("hanako");
      await page.locator("#password").fill("wrong-password");
      await page.locator("#screen .btn-primary").click();
      await page.locator(".notice").waitFor();
      await take(page, "t02-sign-in-wrong");
    }
    await atTheTerminal(page, terminal);
    await page.goto(`${terminal}/go/home`);
    await screenIs(page, "home");
    await take(page, "t03-home");
    await page.goto(`${terminal}/go/history`);
    await page.locator(".empty, .history").first().waitFor();
    await take(page, "t04-history-empty");
  },
  async password(page) {
    await atTheTerminal(page, terminal);
    await page.goto(`${terminal}/go/settings`);
    await page.locator("form[action$=change-password] button").click();
    await screenIs(page, "new-password");
    await take(page, "t09a-new-password");
    await page.locator("#current").fill(CLERK.password);
    for (const field of ["#new", "#again"]) await page.locator(field).fill("short");
    await page.locator("#screen .btn-primary").click();
    await page.locator("#new-error").waitFor();
    await take(page, "t09b-new-password-lack");
    await page.locator("form[action$=back] button").click();
  },
  async keys(page) {
    await toKeypad(page, terminal);
    await take(page, "t05-amount");
    await page.locator("#screen .btn-primary").click();
    await page.locator("#amount-error").waitFor();
    await take(page, "t06-amount-error");
    await toKeypad(page, terminal);
    await enterAmount(page, 880, "抹茶ラテ（ホット）と季節の和菓子");
    await take(page, "t07-method");
    await page.locator("[name=press][value=classes]").click();
    await screenIs(page, "class");
    await take(page, "t08-class");
  },
  async approved(page) {
    await waiting(page, 1280, "抹茶ラテと季節の和菓子");
    await take(page, "t10-present");
    await desk.present("broken-chip", "insert");
    await page.locator(".notice").waitFor();
    await take(page, "t11-present-hint");
    await page.locator("#screen [name=press][value=cancel]").click();
    await page.waitForFunction(() => document.getElementById("screen").dataset.screen !== "present");
    await waiting(page, 1280, "抹茶ラテと季節の和菓子");
    await desk.present("visa", "insert");
    await screenIs(page, "pin");
    await take(page, "t12-pin");
    await page.desk.goto(`${demo.desk}/?t=${TERMINALS[0]}`);
    await take(page.desk, "d03-desk-pin");
    await page.desk.locator("#pin").fill("1234");
    await page.desk.locator("button[name=key][value=entered]").click();
    await screenIs(page, "approved");
    await take(page, "t20-approved");
    await page.locator("[name=press][value=print-customer]").click();
    await page.locator(".notice.tone-ok").waitFor();
    await take(page, "t21-approved-printed");
    await page.locator("[name=press][value=print-merchant]").click();
    await page.waitForFunction(() => !document.querySelector(".pic-print"));
    await page.locator("[name=press][value=qr]").click();
    await screenIs(page, "qr");
    await take(page, "t22-qr");
    found.link = /http\S+\/r\/\S+/.exec(await page.locator("#screen").innerText())?.[0];
    await page.locator("[name=press][value=back]").click();
    await screenIs(page, "approved");
    await page.locator("[name=press][value=open-mail]").click();
    await screenIs(page, "mail");
    await take(page, "t23-mail");
    await page.locator("#address").fill("aoi@example");
    await page.locator("#screen .btn-primary").click();
    await page.locator(".notice, .error").first().waitFor();
    await take(page, "t24-mail-wrong");
    await page.locator("#address").fill("aoi@example.com");
    await page.locator("#screen .btn-primary").click();
    await page.locator(".notice.tone-ok").waitFor();
    await take(page, "t25-mail-sent");
    await page.locator("[name=press][value=back]").click();
    await screenIs(page, "approved");
    await take(page, "t26-approved-delivered");
  },
  async processing(page) {
    await waiting(page, 2400);
    await desk.fault("delay", { ms: 1900, times: 1 });
    await desk.present("visa-phone", "tap");
    await screenIs(page, "processing");
    for (const size of sizes) {
      await page.setViewportSize(SIZES[size]);
      if ((await name(page)) !== "processing") break;
      if (only.test("t30-processing")) await page.screenshot({ path: `${out}/t30-processing-${size}-light-ja.png` });
    }
    await screenIs(page, "approved");
    await desk.clear();
  },
  async sign(page) {
    const picture = (label) => only.test(label) && page.screenshot({ path: `${out}/${label}-phone-light-ja.png` });
    await waiting(page, 16_000, "南部鉄器の急須");
    await desk.present("visa-stripe", "swipe");
    await screenIs(page, "sign");
    await take(page, "t31-sign");
    await page.locator("form.sign .btn-primary").click();
    await page.waitForFunction(() => document.querySelector("[data-error]")?.textContent !== "");
    await picture("t32-sign-empty");
    await page.locator("confirm-dialog [data-open]").click();
    await picture("t33-sign-dialog");
    await page.locator("dialog [data-close]").first().click();
    await draw(page);
    await picture("t34-sign-drawn");
    await page.locator("form.sign .btn-primary").click();
    await screenIs(page, "approved");
    await take(page, "t35-approved-signed");
  },
  async refused(page) {
    for (const [number, card, how, pin, amount] of [
      [40, "refused", "insert", "1234", 880],
      [41, "over-limit", "insert", "1234", 5000],
      [42, "expired", "insert", "1234", 880],
      [43, "discover", "insert", undefined, 880],
      [44, "visa", "swipe", undefined, 880],
      [45, "visa", "insert", "9999", 880],
    ]) {
      if (!only.test(`t${number}-refused-${card}`)) continue;
      await waiting(page, amount);
      await desk.present(card, how, pin);
      await screenIs(page, "refused");
      await take(page, `t${number}-refused-${card}`);
    }
    await waiting(page, 700);
    await page.locator("#screen [name=press][value=cancel]").click();
    await page.waitForFunction(() => document.getElementById("screen").dataset.screen !== "present");
    await take(page, "t46-cancelled");
  },
  async doubt(page) {
    await waiting(page, 3200, "会席弁当");
    await desk.fault("drop_answer");
    await desk.present("visa-phone", "tap");
    await screenIs(page, "unknown", 30_000);
    await take(page, "t50-unknown");
    await page.locator("confirm-dialog [data-open]").last().click();
    if (only.test("t51-unknown-dialog")) await page.screenshot({ path: `${out}/t51-unknown-dialog-phone-light-ja.png` });
    await page.locator("dialog[open] .btn-danger").click();
    await page.waitForFunction(() => document.getElementById("screen").dataset.screen !== "unknown");
    await page.goto(`${terminal}/go/home`);
    await take(page, "t52-home-open");
    await page.consolePage.goto(`${demo.center}/payments`);
    await take(page.consolePage, "c03-list-doubt");
    await page.goto(`${terminal}/go/history`);
    await page.locator("main .history a").first().click();
    await screenIs(page, "detail");
    await take(page, "t53-detail-open");
    await desk.clear();
    await page.waitForFunction(() => !document.querySelector("[name=press][value=check-now]"), null, { timeout: 60_000 });
    await take(page, "t54-detail-undone");
    await waiting(page, 3300);
    await desk.fault("drop_answer");
    await desk.present("visa-phone", "tap");
    await screenIs(page, "unknown", 30_000);
    await desk.clear();
    await screenIs(page, "undone", 60_000);
    await take(page, "t55-undone");
  },
  async codes(page) {
    await waitingForCode(page, 1280, "抹茶ラテと季節の和菓子");
    await take(page, "t70-scan");
    await desk.scan("https://example.jp/shop/7");
    await page.locator(".notice").waitFor();
    await take(page, "t71-scan-hint");
    await desk.scan("990000112233445566");
    await screenIs(page, "brands");
    await take(page, "t72-brands");
    await page.locator('button[value="brand-auto"]').click();
    await screenIs(page, "scan");
    await desk.scan((await desk.wallet("mei-paypay")).qr);
    await screenIs(page, "customer");
    await take(page, "t73-customer");
    await page.desk.goto(`${demo.desk}/?t=${TERMINALS[0]}`);
    await take(page.desk, "d08-desk-customer");
    await page.locator("confirm-dialog [data-open]").first().click();
    if (only.test("t74-customer-dialog")) await page.screenshot({ path: `${out}/t74-customer-dialog-phone-light-ja.png` });
    await page.locator("dialog[open] .btn-danger").click();
    await screenIs(page, "undone", 30_000);
    await take(page, "t75-undone-by-clerk");
    await waitingForCode(page, 880);
    await desk.scan((await desk.wallet("poor-paypay")).qr);
    await screenIs(page, "refused");
    await take(page, "t76-refused-balance");
    await waitingForCode(page, 880);
    await desk.codeFault("drop_answer");
    await desk.scan((await desk.wallet("aoi-paypay")).qr);
    await screenIs(page, "unknown", 30_000);
    await take(page, "t77-unknown-code");
    await desk.clear();
    await screenIs(page, "approved", 60_000);
    await take(page, "t78-approved-code");
  },
  async giving(page) {
    await waiting(page, 1480, "柚子茶");
    await desk.present("visa", "tap");
    await page.waitForFunction(() => ["approved", "duplicate"].includes(document.getElementById("screen").dataset.screen));
    await rest(page);
    await openNewestSale(page, terminal);
    await take(page, "t80-detail-offer");
    await page.locator('button[value="refund-open"]').click();
    await screenIs(page, "refund");
    await take(page, "t81-void");
    await page.locator("#screen .btn-primary").click();
    await screenIs(page, "refund-confirm");
    await take(page, "t82-void-confirm");
    await desk.fault("drop_answer");
    await page.locator("#screen .btn-danger").click();
    await screenIs(page, "unknown", 30_000);
    await take(page, "t83-void-unknown");
    await desk.clear();
    await screenIs(page, "approved", 60_000);
    await take(page, "t84-voided");
    await page.locator('button[value="original"]').click();
    await screenIs(page, "detail");
    await take(page, "t85-detail-all-back");
    await waitingForCode(page, 1000, "京扇子");
    await desk.scan((await desk.wallet("aoi-paypay")).qr);
    await screenIs(page, "approved");
    await rest(page);
    await openNewestSale(page, terminal);
    await page.locator('button[value="refund-open"]').click();
    await screenIs(page, "refund");
    await take(page, "t86-refund");
    for (let n = 0; n < 4; n += 1) await page.locator('[data-key="9"]').click();
    await page.locator("#screen .btn-primary").click();
    await page.locator("#amount-error").waitFor();
    await take(page, "t87-refund-too-much");
    await page.locator("#amount").fill("300");
    await page.locator("#reason").fill("一品返品");
    await page.locator("#screen .btn-primary").click();
    await screenIs(page, "refund-confirm");
    await take(page, "t88-refund-confirm");
    await page.locator("#screen .btn-danger").click();
    await screenIs(page, "approved");
    await take(page, "t89-refunded");
    await page.consolePage.goto(`${demo.center}/payments`);
    await page.consolePage.locator("tr:has-text('¥1,000') a.row-link").first().click();
    await page.consolePage.waitForURL(/payments\/.+/);
    await take(page.consolePage, "c10-detail-part-back");
    await page.consolePage.locator('a[href$="/give-back"]').click();
    await page.consolePage.waitForURL(/give-back/);
    await take(page.consolePage, "c11-give-back");
    await page.consolePage.locator("#amount").fill("701");
    await page.consolePage.locator("main .btn-danger").click();
    await page.consolePage.locator(".notice").first().waitFor();
    for (const size of sizes) {
      await page.consolePage.setViewportSize(SIZES[size]);
      if (only.test("c12")) await page.consolePage.screenshot({ path: `${out}/c12-give-back-refused-${size}-light-ja.png`, fullPage: true });
    }
  },
  async phones({ desk: page }) {
    await page.goto(`${demo.desk}/?t=${TERMINALS[0]}`);
    await take(page, "d09-desk-phones");
  },
  async cases({ consolePage: page }) {
    await page.goto(`${demo.center}/cases`);
    await take(page, "c20-cases");
    const first = page.locator("main a.row-link").first();
    if ((await first.count()) === 0) return;
    await first.click();
    await page.waitForURL(/cases\/.+/);
    await take(page, "c21-case");
  },
  async past(page) {
    await rest(page);
    await page.goto(`${terminal}/go/history`);
    await page.locator("main .history a").first().waitFor();
    await take(page, "t60-history");
    await page.locator("main .history a:has(.tone-ok)").first().click();
    await screenIs(page, "detail");
    await take(page, "t61-detail");
    await page.goto(`${terminal}/go/lookup`);
    await screenIs(page, "lookup");
    await take(page, "t62-lookup");
    await page.locator("#code").fill("ZZZZZZZZ");
    await page.locator("#screen .btn-primary").click();
    await page.locator(".notice").waitFor();
    await take(page, "t63-lookup-none");
    await page.goto(`${terminal}/go/settings`);
    await screenIs(page, "settings");
    await take(page, "t64-settings");
  },
  async day(page) {
    for (const [amount, card, how, pin, note] of [
      [5500, "jcb", "insert", "2468", "京扇子"],
      [1200, "mastercard", "tap", undefined, "抹茶"],
      [9800, "amex", "insert", "1357", undefined],
      [640, "unionpay", "insert", "123456", undefined],
      [2750, "mastercard-phone", "tap", undefined, undefined],
    ]) {
      await waiting(page, amount, note);
      await desk.present(card, how, pin);
      await page.waitForFunction(() => ["approved", "refused"].includes(document.getElementById("screen").dataset.screen));
      await page.locator("[name=press][value=print-customer]").click({ timeout: 3000 }).catch(() => {});
    }
    await rest(page);
    await take(page, "t65-home-rest");
  },
  async desk({ desk: page }) {
    await page.goto(`${demo.desk}/?t=${TERMINALS[0]}`);
    await take(page, "d04-desk-full");
    await page.goto(`${demo.desk}/mail`);
    await take(page, "d05-mail-list");
    await page.locator(".mail-row").first().click();
    await page.waitForURL(/mail\/\d+/);
    await take(page, "d06-mail");
    if (!only.test("d07-mail-html")) return;
    await page.goto(`${page.url()}/html`);
    for (const size of sizes) {
      await page.setViewportSize(SIZES[size]);
      await page.screenshot({ path: `${out}/d07-mail-html-${size}-light-ja.png`, fullPage: true });
    }
  },
  async receipt({ desk: page }) {
    found.link ??= await newestLink();
    await page.goto(found.link);
    await take(page, "r01-receipt");
    await page.goto(`${new URL(found.link).origin}/r/nothing-here`);
    await take(page, "r02-receipt-unknown");
  },
  async console({ consolePage: page }) {
    await page.goto(`${demo.center}/payments`);
    await take(page, "c04-list");
    await page.goto(`${demo.center}/payments?q=zzzz`);
    await take(page, "c05-list-nothing");
    await page.goto(`${demo.center}/payments`);
    await page.locator("tr:has-text('¥1,280') a.row-link").first().click();
    await page.waitForURL(/payments\/.+/);
    await take(page, "c06-detail");
    await page.goto(`${demo.center}/nothing-here`);
    await take(page, "c07-not-found");
  },
};

const found = { link: undefined };

/** The page of the newest receipt, from the link that its mail holds. */
async function newestLink() {
  const mails = await desk.mails();
  return /http\S+?\/r\/[A-Za-z0-9_-]+/.exec(JSON.stringify(mails))?.[0];
}

const wrong = [];
try {
  const page = await newPage(browser, { size: "phone", lang: "ja" });
  page.desk = await newPage(browser, { size: "desktop", lang: "ja" });
  page.consolePage = await newPage(browser, { size: "desktop", lang: "ja" });
  await page.consolePage.goto(demo.center);
  await take(page.consolePage, "c01-login");
  await atTheConsole(page.consolePage, demo.center);
  await take(page.consolePage, "c02-list-first");
  await page.desk.goto(demo.desk);
  await take(page.desk, "d01-desk-first");
  await page.desk.goto(`${demo.desk}/mail`);
  await take(page.desk, "d02-mail-first");
  const asked = option("chapters", Object.keys(chapters).join(",")).split(",");
  for (const chapter of asked) {
    try {
      await chapters[chapter](page);
    } catch (error) {
      wrong.push(`${chapter}: ${error.stack}`);
      await page.screenshot({ path: `${out}/failed-${chapter}.png` });
      await desk.clear();
    }
  }
  for (const seen of [page, page.desk, page.consolePage]) {
    for (const line of new Set(seen.complaints)) wrong.push(`browser: ${line}`);
  }
} finally {
  await close();
  await demo.stop();
}
console.log(`${count} pictures in ${out}`);
for (const line of wrong) console.error(line);
if (wrong.length > 0) process.exit(1);
