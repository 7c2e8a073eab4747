// A whole `choba demo` for browser tests: started in a temporary folder on ports that are free, with
// small helpers for the desk and the terminals. Nothing here waits for time to pass.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { screenIs, start } from "./lib.mjs";

/** Where the demo listens, as distances to its base. */
const PORTS = [0, 1, 10, 11, 20, 25, 91, 92, 8583 - 8700, 8443 - 8700];
/** Below the ports that the system hands out by itself. */
const [LOWEST, HIGHEST] = [20_000, 31_000];

export const OPERATOR = { id: "operator", password: "Choba-demo-1" };
export const CLERK = { id: "hanako", password: "Choba-demo-3" };
export const TERMINALS = ["000000358002", "000000358003"];

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** A base around which every port of the demo is free. */
export async function freeBase() {
  for (let tried = 0; tried < 50; tried += 1) {
    const base = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    const free = await Promise.all(PORTS.map((distance) => isFree(base + distance)));
    if (free.every(Boolean)) return base;
  }
  throw new Error("no free ports were found in fifty tries");
}

/** The addresses of a demo with this base. */
export function addresses(base) {
  const at = (distance) => `http://127.0.0.1:${base + distance}`;
  return { base, center: at(0), desk: at(1), terminals: [at(10), at(11)] };
}

/** Starts the demo; `stop()` ends it and removes its folder. */
export async function startDemo(binary, more = []) {
  const data = mkdtempSync(join(tmpdir(), "choba-e2e-"));
  const base = await freeBase();
  const args = ["demo", "--port-base", String(base), "--data", data, "--fresh", "--timers", "test", ...more];
  const program = await start(binary, args);
  return {
    ...addresses(base),
    data,
    async stop() {
      await program.stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

async function call(url, method = "GET", body = undefined) {
  const answer = await fetch(url, {
    method,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${url} answered ${answer.status}: ${await answer.text()}`);
  const text = await answer.text();
  return text === "" ? null : JSON.parse(text);
}

/** The desk's API, as a customer: cards, trouble, paper, mails. */
export function deskApi(demo) {
  const id = TERMINALS[0];
  return {
    /** Presents a card as soon as the reader waits for one: the terminal's page may say so a moment before. */
    present: async (card, how, pin) => {
      const waits = async () => (await call(`${demo.desk}/desk/terminals`)).find((one) => one.id === id).waits_for;
      for (let asked = 0; asked < 200 && (await waits()) !== "card"; asked += 1);
      return call(`${demo.desk}/desk/terminals/${id}/present`, "POST", { card, how, pin });
    },
    fault: (fault, more = {}) => call(`${demo.desk}/desk/faults`, "POST", { network: "card", fault, ...more }),
    codeFault: (fault, more = {}) => call(`${demo.desk}/desk/faults`, "POST", { network: "code", fault, ...more }),
    /** The fresh code on a customer's phone: `code` in digits, `qr` as a scanner reads it. */
    wallet: async (wanted) => (await call(`${demo.desk}/desk/wallets`)).find((wallet) => wallet.name === wanted),
    scan: (code) => call(`${demo.desk}/desk/terminals/${id}/scan`, "POST", { code }),
    clear: () => call(`${demo.desk}/desk/faults`, "DELETE"),
    paper: () => call(`${demo.desk}/desk/paper/${id}`),
    mails: () => call(`${demo.desk}/desk/mails`),
    charges: () => call(`${demo.desk}/desk/charges`),
  };
}

/** Opens a terminal's page and signs a clerk in when nobody is. */
export async function atTheTerminal(page, url, clerk = CLERK) {
  await page.goto(url, { waitUntil: "load" });
  if ((await name(page)) !== "sign-in") return;
  await page.locator("#login_id").fill(clerk.id);
  await page.locator("#password").fill(clerk.password);
  await page.locator("#screen .btn-primary").click();
  await page.waitForFunction(() => document.getElementById("screen")?.dataset.screen !== "sign-in");
}

/** The name of the live screen. */
export function name(page) {
  return page.locator("#screen").getAttribute("data-screen");
}

/** Signs in to the console; the page is the day's payments afterwards. */
export async function atTheConsole(page, url, who = OPERATOR) {
  await page.goto(url, { waitUntil: "load" });
  if ((await page.locator("#password").count()) === 0) return;
  await page.locator("input[autocomplete=username]").fill(who.id);
  await page.locator("#password").fill(who.password);
  await Promise.all([page.waitForURL(/payments/), page.locator("#screen .btn-primary").click()]);
}

/** From any resting screen of the terminal to the keypad, by its own links. */
export async function toKeypad(page, url) {
  await page.goto(`${url}/go/sale`, { waitUntil: "load" });
  await screenIs(page, "amount");
}

/** Types an amount on the keys and asks for it; the method screen follows. */
export async function enterAmount(page, amount, note = "") {
  for (const key of String(amount)) await page.locator(`.keys [data-key="${key}"]`).click();
  if (note) await page.locator("#note").fill(note);
  await page.locator("#screen .btn-primary").click();
  await screenIs(page, "method");
}

/** By card at once, from the method screen; the wait for a card follows. */
export async function byCard(page) {
  await page.locator('button[name="class"][value="lump"]').click();
  await page.waitForFunction(() => {
    const screen = document.getElementById("screen");
    return screen?.dataset.screen === "present" && screen.querySelector("count-down");
  });
}

/** Chooses code on the method screen; the wait for a code follows. */
export async function byCode(page) {
  await page.locator('button[name="press"][value="pay-by-code"]').click();
  await screenIs(page, "scan");
}

/** Opens the newest sale in the history; what may be given back of it is known. */
export async function openNewestSale(page, url) {
  await page.goto(`${url}/go/history`, { waitUntil: "load" });
  await page.locator("main .history a:has(.tone-ok)").first().click();
  await screenIs(page, "detail");
  await page.waitForFunction(() => !document.querySelector("#screen p[role=status]"));
}

/** Draws a signature with the mouse. */
export async function draw(page) {
  const box = await page.locator("sign-pad canvas").boundingBox();
  const at = (x, y) => page.mouse.move(box.x + box.width * x, box.y + box.height * y, { steps: 4 });
  for (const [first, ...rest] of [
    [[0.16, 0.3], [0.24, 0.7], [0.3, 0.34], [0.38, 0.68]],
    [[0.44, 0.5], [0.52, 0.36], [0.56, 0.6], [0.64, 0.44], [0.7, 0.6], [0.82, 0.4]],
  ]) {
    await at(...first);
    await page.mouse.down();
    for (const point of rest) await at(...point);
    await page.mouse.up();
  }
}
