// The browser pass of `cargo xtask test`: node run.mjs CHOBA [GALLERY]. Starts a whole demo on free
// ports in a folder of its own and drives terminal, desk, receipt page, mail and console in a real
// Chromium, in both languages, light and dark, with axe on every screen it sees. It waits for what is
// to be seen, never for time. With GALLERY, or with CHOBA_GALLERY set, the tests of the live screen and
// of settlement's pages run first. Ends with 1, a sentence and a picture when something is not as it should be.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import {
  TERMINALS, atTheConsole, atTheTerminal, byCard, byCode, deskApi, draw, enterAmount, name, openNewestSale, startDemo,
  toKeypad,
} from "./demo.mjs";
import { axe, fits, launch, newPage, rev, revChanged, screenIs } from "./lib.mjs";

const [binary, gallery = process.env.CHOBA_GALLERY] = process.argv.slice(2);
if (!binary) {
  console.error("usage: node run.mjs CHOBA [GALLERY]");
  process.exit(2);
}
if (gallery) {
  const env = { ...process.env, CHOBA_GALLERY: resolve(gallery) };
  try {
    const tests = ["live.test.mjs", "settlement.test.mjs"].map((name) => join(import.meta.dirname, name));
    execFileSync("node", ["--test", ...tests], { stdio: "inherit", env });
  } catch {
    console.error("not so: the tests of the live screen or of settlement's pages, see above");
    process.exit(1);
  }
}

const pictures = mkdtempSync(join(tmpdir(), "choba-e2e-pictures-"));
const demo = await startDemo(binary);
const desk = deskApi(demo);
const { browser, close } = await launch();
const [terminal] = demo.terminals;
/** Pages that are open, by name: a failure takes a picture of each. */
const open = new Map();
const checked = new Set();

async function page(label, options) {
  const made = await newPage(browser, options);
  open.set(label, made);
  return made;
}

/** Neither the policy nor the console of the browser has anything to say. */
function quiet(seen) {
  assert.deepEqual(seen.complaints, [], `the browser complains on ${seen.url()}`);
}

async function inBothThemes(seen, label) {
  for (const theme of ["light", "dark"]) {
    await seen.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    assert.deepEqual(await axe(seen), [], `${label}, ${theme}`);
  }
  assert.ok(await fits(seen, "x"), `${label} is wider than its window`);
  quiet(seen);
}

/** axe on a screen in both languages and both themes; a screen is looked at once. */
async function inspect(seen, label) {
  if (checked.has(label)) return;
  checked.add(label);
  const back = new URL(seen.url());
  const here = encodeURIComponent(back.pathname + back.search);
  await inBothThemes(seen, `${label} in Japanese`);
  for (const lang of ["en", "ja"]) {
    await seen.goto(`${back.origin}/lang/${lang}?back=${here}`);
    // The frame and the screen speak the same language.
    await seen.waitForFunction((wanted) => document.documentElement.lang === wanted, lang);
    if (lang === "en") await inBothThemes(seen, `${label} in English`);
  }
}

const sound = (seen) => seen.evaluate(() => document.documentElement.dataset.lastSound);
const press = (seen, value) => seen.locator(`#screen button[name="press"][value="${value}"]`).first().click();
const leaves = (seen, screen) =>
  seen.waitForFunction((was) => document.getElementById("screen").dataset.screen !== was, screen);

/** The detail has asked the center what may be given back: from now on it stands still. */
const offered = (seen) => seen.waitForFunction(() => !document.querySelector("#screen p[role=status]"));

/** From a result or a resting screen to the wait for a card. */
async function wait(seen, amount, note) {
  await toKeypad(seen, terminal);
  await enterAmount(seen, amount, note);
  await byCard(seen);
}

/** Presents a card on the desk's page, as a person does. */
async function presentOnThePage(seen, card, how) {
  await seen.locator(`.card-slot:has(input[value="${card}"])`).click();
  await seen.locator(`button[name="how"][value="${how}"]:not([disabled])`).click();
}

const story = {
  async "a clerk who mistypes is told so, and signs in"(t) {
    const at = await page("terminal", { size: "small" });
    await at.goto(terminal);
    await inspect(at, "sign-in");
    await at.locator("#login_id").fill("hanako");
    await at.locator("#password").fill("not-it");
    await at.locator("#screen .btn-primary").click();
    await at.locator(".notice").waitFor();
    await inspect(at, "sign-in refused");
    await atTheTerminal(at, terminal);
    await at.goto(`${terminal}/go/home`);
    await screenIs(at, "home");
    assert.equal(await at.locator(".bar .who").innerText(), "佐藤 花子", "the bar names who signed in");
    await inspect(at, "home");
    t.at = at;
  },

  async "the first rooms say what will be there"({ at }) {
    for (const room of ["history", "lookup", "settings"]) {
      await at.goto(`${terminal}/go/${room}`);
      await screenIs(at, room);
      await inspect(at, room);
    }
  },

  async "an amount is typed by touch and by keyboard, with a note"({ at }) {
    await toKeypad(at, terminal);
    assert.ok(await fits(at), "the keypad does not scroll on 360 by 640");
    await at.locator("#screen .btn-primary").click();
    await at.locator("#amount-error").waitFor();
    await inspect(at, "amount refused");
    await toKeypad(at, terminal);
    await at.locator("h1").first().evaluate((h1) => h1.focus());
    await at.keyboard.type("77");
    assert.equal(await at.locator("#amount").inputValue(), "77");
    await at.keyboard.press("Escape");
    for (const key of ["8", "8", "0"]) await at.locator(`[data-key="${key}"]`).tap();
    assert.match(await at.locator("#screen .btn-primary").innerText(), /¥880/);
    await at.locator("#note").fill("抹茶ラテ");
    await at.locator("#screen .btn-primary").tap();
    await screenIs(at, "method");
    assert.equal(await at.evaluate(() => document.activeElement.tagName), "H1", "the focus moved to the heading");
    await inspect(at, "method");
  },

  async "a card is asked for, and nothing but a card can be done"({ at }) {
    await byCard(at);
    assert.ok(await fits(at), "the wait for a card does not scroll on 360 by 640");
    assert.equal(await at.locator(".nav").isVisible(), false, "the menu is away while a payment runs");
    await inspect(at, "present");
  },

  async "a person presents a card on the desk and types the PIN on its pad"(t) {
    const bench = await page("desk", { size: "desktop" });
    await bench.goto(`${demo.desk}/?t=${TERMINALS[0]}`);
    await inspect(bench, "desk");
    await presentOnThePage(bench, "visa", "insert");
    await screenIs(t.at, "pin");
    assert.equal(await t.at.locator("#screen input:not([type=hidden])").count(), 0, "no PIN in a page of the terminal");
    await inspect(t.at, "pin");
    await inspect(bench, "desk with PIN pad");
    for (const key of "1234") await bench.locator(`code-pad [data-key="${key}"]`).click();
    await bench.locator('button[name="key"][value="entered"]').click();
    await screenIs(t.at, "approved");
    t.bench = bench;
  },

  async "the approved payment sounds, shows and offers the receipt"({ at, bench }) {
    assert.equal(await sound(at), "ok");
    assert.match(await at.locator(".result").innerText(), /880/);
    await inspect(at, "approved");
    await press(at, "print-customer");
    await bench.locator(".paper").first().waitFor();
    assert.match(await bench.locator(".paper").first().innerText(), /¥880/);
    await at.locator(".notice.tone-ok").waitFor();
    await inspect(at, "approved and printed");
    await inspect(bench, "desk with paper");
  },

  async "the code leads to the receipt page"(t) {
    await press(t.at, "qr");
    await screenIs(t.at, "qr");
    await inspect(t.at, "qr");
    t.link = /http\S+\/r\/\S+/.exec((await t.at.locator("#screen").innerText()).replace(/\s+(?=\S)/g, (gap) => gap))?.[0];
    assert.ok(t.link, "the address stands under the code");
    const customer = await page("receipt", { size: "phone" });
    await customer.goto(t.link);
    assert.match(await customer.locator(".paper").innerText(), /抹茶ラテ/);
    await inspect(customer, "receipt page");
    await customer.close();
    open.delete("receipt");
    await press(t.at, "back");
    await screenIs(t.at, "approved");
  },

  async "the receipt goes out by mail, in HTML and text"({ at, bench }) {
    await press(at, "open-mail");
    await screenIs(at, "mail");
    await at.locator("#address").fill("aoi@");
    await at.locator("#screen .btn-primary").click();
    await at.locator(".notice.tone-ng").waitFor();
    await inspect(at, "mail refused");
    await at.locator("#address").fill("ａｏｉ@example.com");
    await at.locator("#screen .btn-primary").click();
    await at.locator(".notice.tone-ok").waitFor();
    await inspect(at, "mail sent");
    await press(at, "back");
    await screenIs(at, "approved");
    await bench.goto(`${demo.desk}/mail`);
    await bench.locator(".mail-row").first().waitFor();
    await inspect(bench, "mails");
    await bench.locator(".mail-row").first().click();
    await bench.waitForURL(/\/mail\/\d+$/);
    assert.match(await bench.locator("pre").innerText(), /880/, "the text part");
    assert.match(await bench.frameLocator("iframe").locator("body").innerText(), /880/, "the HTML part");
    await inspect(bench, "mail");
    await bench.goto(`${demo.desk}/?t=${TERMINALS[0]}`);
  },

  async "history, detail and reprint, marked as such"({ at, bench }) {
    await press(at, "finish");
    await leaves(at, "approved");
    await at.goto(`${terminal}/go/history`);
    await at.locator(".history a").first().click();
    await screenIs(at, "detail");
    assert.match(await at.locator(".paper").innerText(), /\(再\)|（再）/);
    await offered(at);
    await inspect(at, "detail");
    await press(at, "print-customer");
    await bench.waitForFunction(() => /[(（]再[)）]/.test(document.querySelector(".paper")?.textContent ?? ""));
  },

  async "a payment is found by its receipt's code"({ at }) {
    const id = (await at.locator("dd code").first().innerText()).trim();
    await at.goto(`${terminal}/go/lookup`);
    await at.locator("#code").fill("ZZZZZZ");
    await at.locator("#screen .btn-primary").click();
    await at.locator(".notice").waitFor();
    await inspect(at, "lookup without result");
    await at.locator("#code").fill(` ${id} `);
    await at.locator("#screen .btn-primary").click();
    await screenIs(at, "detail");
    assert.equal((await at.locator("dd code").first().innerText()).trim(), id);
  },

  async "pressing twice, or on an old screen, charges once"({ at }) {
    const before = (await desk.charges()).length;
    await toKeypad(at, terminal);
    await enterAmount(at, 500);
    const stale = await rev(at);
    await at.evaluate(() => {
      const button = document.querySelector('button[name="class"][value="lump"]');
      button.click();
      button.click();
    });
    await screenIs(at, "present");
    await at.waitForFunction(() => document.querySelector("count-down"));
    const answer = await at.request.post(`${terminal}/events/pay`, {
      form: { rev: stale, class: "lump" },
      headers: { "hx-request": "true", origin: terminal },
    });
    assert.match(await answer.text(), /data-screen="present"/, "an old press is answered by the present screen");
    await desk.present("mastercard", "tap");
    await screenIs(at, "approved");
    assert.equal((await desk.charges()).length, before + 1);
  },

  async "a refused card says what happened and that no money moved"({ at }) {
    await wait(at, 880);
    await desk.present("refused", "insert", "1234");
    await screenIs(at, "refused");
    assert.equal(await sound(at), "ng");
    assert.match(await at.locator(".money-taken").innerText(), /いただいていません/);
    await inspect(at, "refused");
    await press(at, "other-method");
    await screenIs(at, "method");
  },

  async "a payment is cancelled before the card is read"({ at }) {
    await byCard(at);
    await press(at, "cancel");
    await leaves(at, "present");
    await at.goto(`${terminal}/go/history`);
    await at.locator(".history a").first().waitFor();
    await inspect(at, "history with rows");
  },

  async "a swiped card is signed with the mouse"({ at }) {
    await wait(at, 16_000, "急須");
    await desk.present("visa-stripe", "swipe");
    await screenIs(at, "sign");
    await inspect(at, "sign");
    await at.locator("form.sign .btn-primary").click();
    await at.waitForFunction(() => document.querySelector("[data-error]").textContent !== "");
    await draw(at);
    await at.locator("form.sign .btn-primary").click();
    await screenIs(at, "approved");
    await press(at, "finish");
    await leaves(at, "approved");
  },

  async "instalments where the contract has them"({ at }) {
    await toKeypad(at, terminal);
    await enterAmount(at, 30_000);
    await press(at, "classes");
    await screenIs(at, "class");
    await inspect(at, "class");
    await at.locator('.choice:has(input[value="installments-3"])').click();
    await at.locator("#screen .btn-primary").click();
    await at.waitForFunction(() => document.querySelector("count-down"));
    await desk.present("visa", "insert", "1234");
    await screenIs(at, "approved");
    assert.match(await at.locator(".result").innerText(), /3回/);
    await press(at, "finish");
    await leaves(at, "approved");
  },

  async "the same card and the same sum again is warned of, and stopped without a charge"({ at }) {
    const before = (await desk.charges()).length;
    await wait(at, 30_000);
    await desk.present("visa", "insert", "1234");
    await screenIs(at, "duplicate");
    assert.match(await at.locator("#screen").innerText(), /済んだ日時/);
    await inspect(at, "duplicate warning");
    await press(at, "cancel");
    await screenIs(at, "refused");
    assert.match(await at.locator(".money-taken").innerText(), /いただいていません/);
    await inspect(at, "stopped after the warning");
    assert.equal((await desk.charges()).length, before);
    await press(at, "finish");
    await leaves(at, "refused");
  },

  async "a silent network is a doubt, and ends undone without a reload"({ at }) {
    await wait(at, 3200);
    await at.evaluate(() => (window.sameDocument = true));
    await desk.fault("drop_answer");
    await desk.present("visa-phone", "tap");
    await screenIs(at, "unknown", 60_000);
    assert.equal(await sound(at), "unknown");
    assert.match(await at.locator(".money-taken").innerText(), /まだ分かりません/);
    assert.deepEqual(await axe(at), [], "unknown");
    await desk.clear();
    await screenIs(at, "undone", 90_000);
    assert.equal(await at.evaluate(() => window.sameDocument), true, "the page was not loaded anew");
    await inspect(at, "undone");
    await press(at, "finish");
    await leaves(at, "undone");
    quiet(at);
  },

  async "the console shows the day, one payment, and what crossed the wire"(t) {
    const office = await page("console", { size: "desktop" });
    await office.goto(demo.center);
    await inspect(office, "console login");
    await atTheConsole(office, demo.center);
    await office.locator(".totals").waitFor();
    assert.match(await office.locator(".totals").innerText(), /47,380/, "880 + 500 + 16,000 + 30,000 are the day's sales");
    await inspect(office, "console day");
    await office.locator("tr", { hasText: "¥880" }).last().locator("a.row-link").click();
    await office.waitForURL(/\/payments\/.+/);
    await office.locator(".messages").waitFor();
    const text = await office.locator("main").innerText();
    assert.doesNotMatch(text, /4111 ?1111 ?1111 ?1111/, "no card number in full");
    assert.match(text, /0200/, "the messages of the network");
    await inspect(office, "console payment");
    await office.goto(`${demo.center}/payments?q=nothing-like-this`);
    await inspect(office, "console day without result");
    t.office = office;
  },

  async "the console follows the counter by itself"({ at, office }) {
    await office.goto(`${demo.center}/payments`);
    const before = await rev(office);
    await wait(at, 640);
    await desk.present("unionpay", "insert", "123456");
    await screenIs(at, "approved");
    await revChanged(office, before);
    await office.waitForFunction(() => /48,020/.test(document.querySelector(".totals")?.textContent ?? ""));
    quiet(office);
  },

  async "digits from a customer's phone are typed and pay, and the brand's number is shown"({ at }) {
    await toKeypad(at, terminal);
    await enterAmount(at, 1000, "京扇子");
    await byCode(at);
    assert.ok(await fits(at, "x"), "the wait for a code is not wider than 360");
    await inspect(at, "scan");
    await at.locator("#code").fill("https://example.jp/shop/7");
    await at.locator(".typed-code .btn").click();
    await at.locator(".notice").waitFor();
    await inspect(at, "scan with hint");
    await at.locator("#code").fill("990000112233445566");
    await at.locator(".typed-code .btn").click();
    await screenIs(at, "brands");
    await inspect(at, "brands");
    await press(at, "brand-auto");
    await screenIs(at, "scan");
    await at.locator("#code").fill((await desk.wallet("aoi-paypay")).code);
    await at.locator(".typed-code .btn").click();
    await screenIs(at, "approved");
    assert.equal(await sound(at), "ok");
    assert.match(await at.locator(".result").innerText(), /PayPay[^]*\d{20}/, "M-044");
    await inspect(at, "approved code");
    await press(at, "finish");
    await leaves(at, "approved");
  },

  async "a part of a code payment is given back at the terminal"({ at }) {
    await openNewestSale(at, terminal);
    await inspect(at, "detail of a code payment");
    await press(at, "refund-open");
    await screenIs(at, "refund");
    assert.ok(await fits(at, "x"), "the keys to give back are not wider than 360");
    await inspect(at, "refund");
    await at.locator("#amount").fill("1001");
    await at.locator("#screen .btn-primary").click();
    await at.locator("#amount-error").waitFor();
    await inspect(at, "refund of too much");
    await at.locator("#amount").fill("300");
    await at.locator("#reason").fill("一品返品");
    await at.locator("#screen .btn-primary").click();
    await screenIs(at, "refund-confirm");
    await inspect(at, "refund, last question");
    await at.locator("#screen .btn-danger").click();
    await screenIs(at, "approved");
    assert.match(await at.locator(".result").innerText(), /300/);
    await inspect(at, "refunded");
    const charge = (await desk.charges()).find((one) => one.network === "code" && one.amount_yen === 1000);
    assert.equal(charge.given_back_yen, 300);
    await press(at, "finish");
    await leaves(at, "approved");
  },

  async "another part is given back in the console, and never more than is left"({ office }) {
    await office.goto(`${demo.center}/payments`);
    await office.locator("tr", { hasText: "¥1,000" }).last().locator("a.row-link").click();
    await office.waitForURL(/\/payments\/.+/);
    await inspect(office, "console payment with a part given back");
    await office.locator('a[href$="/give-back"]').click();
    await office.waitForURL(/\/give-back/);
    await inspect(office, "console give back");
    await office.locator("#amount").fill("701");
    await office.locator("main .btn-danger").click();
    await office.locator(".notice.tone-ng").waitFor();
    assert.deepEqual(await axe(office), [], "console give back refused");
    // The browser says so itself of every page that is answered by 422.
    assert.match(office.complaints.splice(0).join("\n"), /^Failed to load resource: .*422 /);
    await office.locator("#amount").fill("700");
    await office.locator("main .btn-danger").click();
    await office.waitForURL((url) => !url.pathname.endsWith("/give-back"));
    const charge = (await desk.charges()).find((one) => one.network === "code" && one.amount_yen === 1000);
    assert.equal(charge.given_back_yen, 1000);
    assert.equal(await office.locator('a[href$="/give-back"]').count(), 0, "nothing is left to give back");
    await inspect(office, "console payment all given back");
  },

  async "a card payment is voided at the terminal, with a slip"({ at, bench }) {
    await wait(at, 1480);
    await desk.present("jcb", "tap");
    await screenIs(at, "approved");
    await press(at, "finish");
    await leaves(at, "approved");
    await openNewestSale(at, terminal);
    await press(at, "refund-open");
    await screenIs(at, "refund");
    await inspect(at, "void");
    await at.locator("#screen .btn-primary").click();
    await screenIs(at, "refund-confirm");
    await inspect(at, "void, last question");
    await at.locator("#screen .btn-danger").click();
    await screenIs(at, "approved");
    await inspect(at, "voided");
    await press(at, "print-customer");
    await bench.waitForFunction(() => /¥1,480/.test(document.querySelector(".paper")?.textContent ?? ""));
    const charge = (await desk.charges()).find((one) => one.network === "card" && one.amount_yen === 1480);
    assert.equal(charge.state, "voided");
    await press(at, "original");
    await screenIs(at, "detail");
    await inspect(at, "detail, all given back");
  },
};

let failed = false;
const t = {};
try {
  for (const [claim, tell] of Object.entries(story)) {
    const began = performance.now();
    try {
      await tell(t);
    } catch (error) {
      failed = true;
      console.error(`not so: ${claim}\n${error.stack ?? error}`);
      for (const [label, shown] of open) {
        const path = join(pictures, `${label}.png`);
        await shown.screenshot({ path }).catch(() => {});
        console.error(`picture of the ${label} at ${shown.url()}: ${path}`);
      }
      break;
    }
    console.log(`ok ${claim} (${Math.round(performance.now() - began)} ms)`);
  }
  for (const [label, shown] of open) {
    if (failed || shown.complaints.length === 0) continue;
    failed = true;
    console.error(`the browser complains on the ${label}:\n${shown.complaints.join("\n")}`);
  }
} finally {
  await close();
  await demo.stop();
}
console.log(`${checked.size} screens were looked at in Japanese and English, light and dark`);
if (failed) process.exit(1);
