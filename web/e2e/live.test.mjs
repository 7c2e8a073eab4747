// The live screen in a real browser under the real policy: presses, stream, rev guard, focus, the
// heartbeat, and the same without script. Runs on the gallery: node --test e2e/

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, launch, newPage, rev, screenIs, start } from "./lib.mjs";

const gallery = process.env.CHOBA_GALLERY ?? `${import.meta.dirname}/../../target/debug/examples/gallery`;
let program;
let chrome;

before(async () => {
  program = await start(gallery, ["serve"]);
  chrome = await launch();
});
after(async () => {
  await chrome?.close();
  await program?.stop();
});

async function atTheKeys(options) {
  const page = await newPage(chrome.browser, options);
  await page.goto(`${program.url}/live/pay`);
  while ((await page.locator("#screen").getAttribute("data-screen")) !== "amount") {
    const old = await rev(page);
    await page.locator("#screen form button:not([type=button])").last().click();
    await page.waitForFunction((was) => document.getElementById("screen").dataset.rev !== was, old);
  }
  return page;
}

test("a payment goes from keys to result under the strict policy, by touch and stream", async () => {
  const page = await atTheKeys({ size: "small" });
  for (const key of ["8", "8", "0"]) await page.locator(`[data-key="${key}"]`).tap();
  assert.equal(await page.locator("#amount").inputValue(), "880");
  assert.match(await page.locator(".btn-primary").innerText(), /お会計\s+¥880/);
  await page.locator(".btn-primary").tap();
  await screenIs(page, "wait");
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1");
  await page.waitForFunction(() => document.getElementById("announce").textContent === "カードをどうぞ");

  // The card is read elsewhere; the stream brings the result.
  await page.request.post(`${program.url}/live/card`);
  await screenIs(page, "approved");
  assert.equal(await page.evaluate(() => document.documentElement.dataset.lastSound), "ok");
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("the keyboard fills the amount and C clears it", async () => {
  const page = await atTheKeys({ size: "desktop" });
  await page.locator("h1").first().evaluate((h1) => h1.focus());
  await page.keyboard.type("12345678");
  assert.equal(await page.locator("#amount").inputValue(), "1,234,567", "seven digits at most");
  await page.keyboard.press("Backspace");
  assert.equal(await page.locator("#amount").inputValue(), "123,456");
  await page.locator(".key-clear").click();
  assert.equal(await page.locator("#amount").inputValue(), "");
  await page.context().close();
});

test("an empty amount is refused in place and the error is tied to the field", async () => {
  const page = await atTheKeys({ size: "phone" });
  await page.locator(".btn-primary").click();
  await page.locator("#amount-error").waitFor();
  assert.equal(await page.locator("#amount").getAttribute("aria-describedby"), "amount-error");
  await page.context().close();
});

test("a stale press is answered by the current screen", async () => {
  const page = await atTheKeys({ size: "phone" });
  const stale = await page.locator("input[name=rev]").first().inputValue();
  await page.locator('[data-key="5"]').click();
  await page.locator(".btn-primary").click();
  await screenIs(page, "wait");
  const answer = await page.request.post(`${program.url}/live/pay`, {
    form: { rev: stale, amount: "99" },
    headers: { "hx-request": "true", origin: program.url },
  });
  assert.match(await answer.text(), /data-screen="wait"/);
  assert.match(await answer.text(), /5<\/span>/);
  await page.context().close();
});

test("an older fragment never replaces a newer screen", async () => {
  const page = await atTheKeys({ size: "phone" });
  const [run, number] = (await rev(page)).split(".");
  const swap = (next) =>
    page.evaluate(async (text) => {
      await window.htmx.swap({
        sourceElement: document.getElementById("live"),
        target: document.getElementById("screen"),
        swap: "outerMorph",
        text,
      });
      return document.getElementById("screen").dataset.screen;
    }, `<main id="screen" data-rev="${next}" data-screen="other"><h1>x</h1></main>`);
  assert.equal(await swap(`${run}.${Number(number) - 1}`), "amount");
  assert.equal(await swap(`${run}.${number}`), "amount");
  assert.equal(await swap(`${run}.${Number(number) + 1}`), "other");
  await page.context().close();
});

test("the lamp says when the center is gone and when the program is silent", async () => {
  const page = await atTheKeys({ size: "tablet" });
  await page.request.post(`${program.url}/live/center-down`);
  await page.waitForFunction(() => document.querySelector("net-status").dataset.state === "down");
  assert.match(await page.locator("net-status").innerText(), /センター未接続/);
  // A stopped program keeps its connections open and says nothing: the half-open link.
  program.child.kill("SIGSTOP");
  try {
    await page.waitForFunction(() => document.querySelector("net-status").dataset.state === "lost", null, { timeout: 20_000 });
  } finally {
    program.child.kill("SIGCONT");
  }
  await page.waitForFunction(() => document.querySelector("net-status").dataset.state === "down", null, { timeout: 20_000 });
  await page.context().close();
});

test("without script the same press works and the page asks again by itself", async () => {
  const page = await newPage(chrome.browser, { size: "phone", script: false });
  await page.goto(`${program.url}/live/pay`);
  while ((await page.locator("#screen").getAttribute("data-screen")) !== "amount") {
    await page.locator("#screen form button:not([type=button])").last().click();
  }
  assert.equal(await page.locator(".keys").isVisible(), false, "keys that do nothing are not shown");
  await page.locator("#amount").fill("１，３６０円");
  await page.locator(".btn-primary").click();
  assert.equal(await page.locator("#screen").getAttribute("data-screen"), "wait");
  assert.match(await page.locator(".amount").innerText(), /1,360/);
  await page.context().close();
});

test("a signature is posted as strokes of whole points, and nobody is forced to draw", async () => {
  const page = await newPage(chrome.browser, { size: "small" });
  await page.goto(`${program.url}/ja/t-sign`);
  await page.locator(".btn-primary").click();
  await page.waitForFunction(() => document.querySelector("[data-error]").textContent !== "");
  const box = await page.locator("canvas").boundingBox();
  await page.mouse.move(box.x + 20, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + 120, box.y + 80, { steps: 8 });
  await page.mouse.up();
  const [signed] = await Promise.all([page.waitForRequest("**/sign"), page.locator(".btn-primary").click()]);
  const drawing = JSON.parse(new URLSearchParams(signed.postData()).get("strokes"));
  assert.equal(drawing.strokes.length, 1);
  assert.ok(drawing.strokes[0].flat().every(Number.isInteger), JSON.stringify(drawing));
  assert.ok(drawing.width > 200 && drawing.height > 100);
  await page.goto(`${program.url}/ja/t-sign`);
  const [unsigned] = await Promise.all([page.waitForRequest("**/sign"), page.locator("[data-unsigned]").click()]);
  assert.equal(new URLSearchParams(unsigned.postData()).get("go"), "paper");
  assert.equal(new URLSearchParams(unsigned.postData()).get("strokes"), "");
  await page.context().close();
});

test("what the policy forbids does not run", async () => {
  const page = await atTheKeys({ size: "phone" });
  const ran = await page.evaluate(() => {
    const made = document.createElement("script");
    try {
      made.textContent = "window.evil = true";
      document.body.append(made);
    } catch {
      // Trusted Types refuse the text itself.
    }
    try {
      // As text, so that the page runs it and not the debugger.
      setTimeout("window.evil = true", 0);
    } catch {
      // Refused on the spot.
    }
    const outside = document.createElement("img");
    outside.src = "http://127.0.0.1:1/x.png";
    return new Promise((resolve) => setTimeout(() => resolve(window.evil ?? false), 50));
  });
  assert.equal(ran, false);
  assert.ok(page.complaints.some((line) => /Content Security Policy|TrustedScript/.test(line)), page.complaints.join("\n"));
  await page.context().close();
});
