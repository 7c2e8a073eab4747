// Live pages: which swaps may come in, where the focus goes, what is announced, and what happens
// when the program does not answer. The rules are in spec/screens.md 2.5.

import { learn } from "./server-clock.ts";

type Task = { fragment?: ParentNode; target?: Element | string };
type SwapDetail = { ctx: { sourceElement?: Element; response?: { status: number } }; tasks: Task[] };
type Connection = { reader?: { cancel(): Promise<void> } | null };

/** `run.number`, as crate pages prints it in data-rev. */
function newer(next: string, current: string): boolean {
  const [nextRun, nextNumber] = next.split(".");
  const [run, number] = current.split(".");
  // Another run means that the program was started again: its picture is the true one.
  if (nextRun !== run) return true;
  return Number(nextNumber) > Number(number);
}

/** A swap is stale when the screen already shows the same or a later revision. */
function isStale(fragment: ParentNode, answered: boolean): boolean {
  for (const next of fragment.querySelectorAll<HTMLElement>("[data-rev][id]")) {
    const current = document.getElementById(next.id);
    const old = current?.dataset["rev"];
    const rev = next.dataset["rev"];
    if (!old || !rev) continue;
    // The answer to a press may repeat the revision to show an error; the stream may not.
    if (!newer(rev, old) && !(answered && rev === old)) return true;
  }
  return false;
}

/** What a person has typed survives a fragment that redraws the same field. */
function keepTyped(fragment: ParentNode): void {
  for (const next of fragment.querySelectorAll<HTMLInputElement>("input[data-keep][id]")) {
    const current = document.getElementById(next.id);
    if (current instanceof HTMLInputElement && current.name === next.name) {
      next.setAttribute("value", current.value);
    }
  }
}

/** The frame around the screen was drawn from something else: language, theme, who is signed in. */
function hasOtherFrame(fragment: ParentNode): boolean {
  const around = document.getElementById("screen")?.dataset["around"];
  const next = fragment.querySelector<HTMLElement>("#screen[data-around]")?.dataset["around"];
  return around !== undefined && next !== undefined && around !== next;
}

// A page that is being left by a link is not loaded anew on top of it.
let leaving = false;
window.addEventListener("beforeunload", () => {
  leaving = true;
});

let shown = document.getElementById("screen")?.dataset["screen"];

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx, tasks } = (event as CustomEvent<SwapDetail>).detail;
  const streamed = ctx.sourceElement?.id === "live";
  const failed = !streamed && (ctx.response?.status ?? 200) >= 400;
  const live = tasks.some((task) => task.fragment?.querySelector("[data-rev]"));
  if (failed && !live) {
    event.preventDefault();
    tell("failed");
    return;
  }
  for (const task of tasks) {
    if (!task.fragment) continue;
    if (isStale(task.fragment, !streamed)) {
      event.preventDefault();
      return;
    }
    if (hasOtherFrame(task.fragment)) {
      event.preventDefault();
      if (!leaving) location.reload();
      return;
    }
    keepTyped(task.fragment);
  }
});

document.addEventListener("htmx:after:swap", () => {
  const screen = document.getElementById("screen");
  if (!screen) return;
  hush();
  if (screen.dataset["screen"] === shown) return;
  shown = screen.dataset["screen"];
  markPlace(shown ?? "");
  const heading = screen.querySelector<HTMLElement>("h1");
  if (heading) {
    const wanted = screen.querySelector<HTMLElement>("[autofocus]");
    heading.tabIndex = -1;
    (wanted ?? heading).focus({ preventScroll: !!wanted });
    announce(heading.dataset["say"] ?? heading.textContent ?? "");
  }
  window.scrollTo({ top: 0 });
});

/** The menu at the foot outlives the screen: it shows where we are now. */
function markPlace(screen: string): void {
  for (const link of document.querySelectorAll(".nav a[data-screen]")) {
    if (link.getAttribute("data-screen") === screen) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** Reads a sentence out politely, also when it is the same as before. */
export function announce(text: string): void {
  const region = document.getElementById("announce");
  if (!region) return;
  region.textContent = "";
  requestAnimationFrame(() => {
    region.textContent = text.trim();
  });
}

/** Shows one of the frame's own sentences about a press that did not get through. */
function tell(which: "failed" | "lost"): void {
  const box = document.getElementById("trouble");
  if (!box) return;
  box.textContent = box.dataset[which] ?? "";
  box.hidden = false;
}

function hush(): void {
  const box = document.getElementById("trouble");
  if (box) box.hidden = true;
}

document.addEventListener("htmx:error", (event) => {
  const stream = event.target instanceof Element && event.target.id === "live";
  if (!stream) tell("lost");
});

// A link can be half open: nothing arrives and nothing ends. Then we hang up and dial again.
const SILENCE_MS = 7000;
let connection: Connection | undefined;
let heard = performance.now();

document.addEventListener("htmx:sse:after:connection", (event) => {
  connection = (event as CustomEvent<{ connection: Connection }>).detail.connection;
  heard = performance.now();
});
document.addEventListener("htmx:sse:before:message", () => {
  heard = performance.now();
});
document.addEventListener("beat", (event) => {
  const text = (event as CustomEvent<{ data: string }>).detail.data;
  const beat = JSON.parse(text) as { now: string; link: string };
  learn(beat.now);
  report(beat.link);
  hush();
});

let state = "";
function report(link: string): void {
  if (link === state) return;
  state = link;
  document.dispatchEvent(new CustomEvent("choba:link", { detail: link }));
}

if (document.querySelector("[hx-sse\\:connect]")) {
  setInterval(() => {
    if (document.hidden || performance.now() - heard < SILENCE_MS) return;
    report("lost");
    heard = performance.now();
    void connection?.reader?.cancel();
  }, 500);
}
document.addEventListener("visibilitychange", () => {
  heard = performance.now();
});
