// Click to painted: node paint.mjs CHOBA. Presses buttons of the terminal on loopback and measures in
// the browser from the click to the first frame after the new fragment is in the page. Prints the median
// of twenty presses as `click_to_paint_ms=…`.

import { atTheTerminal, enterAmount, startDemo, toKeypad } from "./demo.mjs";
import { launch, newPage, screenIs } from "./lib.mjs";

const PRESSES = 20;
const [binary] = process.argv.slice(2);
if (!binary) {
  console.error("usage: node paint.mjs CHOBA");
  process.exit(2);
}

/** Presses a button and answers how long the next screen took to be painted, in milliseconds. */
function pressAndMeasure(page, selector) {
  return page.evaluate(
    (button) =>
      new Promise((resolve) => {
        const screen = document.getElementById("screen").dataset.screen;
        const seen = new MutationObserver(() => {
          if (document.getElementById("screen").dataset.screen === screen) return;
          seen.disconnect();
          // The frame after the one that paints the change.
          requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - began)));
        });
        seen.observe(document.body, { subtree: true, childList: true, attributes: true });
        const began = performance.now();
        document.querySelector(button).click();
      }),
    selector,
  );
}

const demo = await startDemo(binary);
const { browser, close } = await launch();
const took = [];
try {
  const page = await newPage(browser, { size: "phone", calm: false });
  await atTheTerminal(page, demo.terminals[0]);
  await toKeypad(page, demo.terminals[0]);
  await enterAmount(page, 880);
  while (took.length < PRESSES) {
    took.push(await pressAndMeasure(page, '#screen button[name="press"][value="back"]'));
    await screenIs(page, "amount");
    took.push(await pressAndMeasure(page, "#screen .btn-primary"));
    await screenIs(page, "method");
  }
} finally {
  await close();
  await demo.stop();
}
took.sort((a, b) => a - b);
const half = took.length / 2;
console.log(`click_to_paint_ms=${((took[half - 1] + took[half]) / 2).toFixed(1)}`);
