// Small helpers for browser tests: a Chromium of the system, pages by size, language and theme, the
// axe check, waiting for a fragment. Tests wait for what they need to see, never for time to pass.

import { chromium } from "playwright-core";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The sizes that pages are made for. */
export const SIZES = {
  small: { width: 360, height: 640 },
  phone: { width: 390, height: 844 },
  tablet: { width: 820, height: 1180 },
  desktop: { width: 1280, height: 800 },
  wide: { width: 1440, height: 900 },
};

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  "--autoplay-policy=no-user-gesture-required",
];

function browserPath() {
  const found = [process.env.CHOBA_CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const path = found.find((candidate) => candidate && existsSync(candidate));
  if (!path) throw new Error("No Chromium found: install it (Debian: apt-get install chromium) or set CHOBA_CHROMIUM.");
  return path;
}

/** A headless browser with a profile of its own; `close()` ends it and removes the profile. */
export async function launch() {
  const home = mkdtempSync(join(tmpdir(), "choba-chromium-"));
  const browser = await chromium.launch({
    executablePath: browserPath(),
    headless: true,
    args: FLAGS,
    env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home },
  });
  return {
    browser,
    async close() {
      await browser.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/**
 * A page. `size` is a name of SIZES, `lang` ja or en, `theme` light or dark; `script: false` switches
 * script off. What the console and the CSP complain about is gathered in `page.complaints`.
 */
export async function newPage(browser, { size = "phone", lang = "ja", theme = "light", script = true, calm = true } = {}) {
  const context = await browser.newContext({
    viewport: SIZES[size],
    deviceScaleFactor: 2,
    locale: lang,
    timezoneId: "UTC",
    colorScheme: theme,
    reducedMotion: calm ? "reduce" : "no-preference",
    javaScriptEnabled: script,
    hasTouch: size !== "desktop",
  });
  const page = await context.newPage();
  page.complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  return page;
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Violations of WCAG 2.2 A and AA and of best practice, as lines of text; empty when there are none. */
export async function axe(page) {
  // Through the debugger: the page's own policy would forbid a script tag.
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Runtime.evaluate", { expression: axeSource });
  const { result, exceptionDetails } = await cdp.send("Runtime.evaluate", {
    expression: `axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      resultTypes: ["violations"],
    }).then(({ violations }) => JSON.stringify(violations.flatMap((v) =>
      v.nodes.map((n) => v.id + ": " + n.target.join(" ") + " | " + (n.any[0]?.message ?? n.all[0]?.message ?? n.none[0]?.message ?? v.help)))))`,
    awaitPromise: true,
    returnByValue: true,
  });
  await cdp.detach();
  if (exceptionDetails) throw new Error(`axe: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
  return JSON.parse(result.value);
}

/** True when nothing has to be scrolled, in height (`y`) or width (`x`). */
export async function fits(page, axis = "y") {
  return page.evaluate((which) => {
    const root = document.documentElement;
    return which === "y" ? root.scrollHeight <= root.clientHeight : root.scrollWidth <= root.clientWidth;
  }, axis);
}

/** The revision on screen. */
export function rev(page) {
  return page.locator("#screen").getAttribute("data-rev");
}

/** Waits until the live screen has this name (`wait`, `approved`, …). */
export async function screenIs(page, name, timeout = 15_000) {
  await page.waitForFunction((wanted) => document.getElementById("screen")?.dataset.screen === wanted, name, { timeout });
}

/** Waits until the screen shows a revision other than `old`. */
export async function revChanged(page, old, timeout = 15_000) {
  await page.waitForFunction((before) => document.getElementById("screen")?.dataset.rev !== before, old, { timeout });
}

/** Starts a program and waits for its line `ready http://…`; `stop()` ends it. */
export async function start(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"], ...options });
  const url = await new Promise((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
      const found = /^ready (http\S+)/m.exec(text);
      if (found) resolve(found[1]);
    });
    child.on("exit", (code) => reject(new Error(`${command} ended with ${code} before it was ready`)));
    child.on("error", reject);
  });
  return {
    url,
    child,
    stop: () =>
      new Promise((resolve) => {
        child.once("exit", resolve);
        child.kill();
      }),
  };
}
