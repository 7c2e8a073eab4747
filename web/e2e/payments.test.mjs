// The console's payments in a real browser: a new payment comes in by itself while what is typed and
// what is opened stays; plain links and forms without script; axe. Runs on the sample console:
// cargo build -p acquiring --example console && node --test web/e2e/payments.test.mjs

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { axe, fits, launch, newPage, revChanged, start } from "./lib.mjs";

// The samples are built side by side.
const gallery = process.env.CHOBA_GALLERY ?? `${import.meta.dirname}/../../target/debug/examples/gallery`;
const sample = join(dirname(gallery), "console");
let program;
let chrome;
let names;

before(async () => {
  program = await start(sample, []);
  chrome = await launch();
  names = await (await fetch(`${program.url}/names`)).json();
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

async function oneMore() {
  const answer = await fetch(`${program.url}/one-more`, { method: "POST", headers: { origin: program.url } });
  return answer.json();
}

test("a payment comes into the open list by itself, and what was being typed stays", async () => {
  const page = await open("/payments", { size: "desktop" });
  await page.locator("summary").first().click();
  await page.locator("#q").fill("12");
  const id = await oneMore();
  await page.waitForSelector(`a[href="/payments/${id}"]`);
  assert.equal(await page.locator("#q").inputValue(), "12");
  assert.equal(await page.locator(".filter-box details").getAttribute("open"), "");
  assert.deepEqual(page.complaints, []);
});

test("a search finds its payment, the way back keeps the question", async () => {
  const page = await open("/payments?brand=jcb", { size: "phone" });
  await page.locator("a.open").first().click();
  await page.waitForSelector(".story");
  await page.goBack();
  assert.match(page.url(), /brand=jcb/);
  await page.locator("#q").fill("ｚｚｚｚ");
  await page.locator("#q").press("Enter");
  await page.waitForSelector(".empty");
});

test("an opened message stays open while the payment moves", async () => {
  const page = await open(`/payments/${names["in-doubt"]}`, { size: "desktop" });
  await page.locator("#wire-request-1-request summary").click();
  const old = await page.locator("#screen").getAttribute("data-rev");
  await oneMore();
  await revChanged(page, old);
  assert.equal(await page.locator("#wire-request-1-request").getAttribute("open"), "");
});

test("everything is there without script", async () => {
  const page = await open("/payments", { size: "phone", script: false });
  await page.locator("a.open").first().click();
  assert.ok(await page.locator("h1").innerText());
});

test("no page has a violation or is wider than its window", async () => {
  const paths = ["/payments", "/payments?q=zzzz", ...Object.values(names).map((id) => `/payments/${id}`)];
  for (const size of ["small", "desktop"]) {
    const page = await newPage(chrome.browser, { size });
    for (const path of paths) {
      await page.goto(program.url + path, { waitUntil: "load" });
      assert.deepEqual(await axe(page), [], `${path} ${size}`);
      assert.ok(await fits(page, "x"), `${path} ${size} is wide`);
    }
  }
});
