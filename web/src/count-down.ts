// <count-down until="instant" total="seconds">: how long the reader still waits. Only a picture:
// the program ends the wait.

import { now } from "./server-clock.ts";

class CountDown extends HTMLElement {
  #tick: ReturnType<typeof setInterval> | undefined;

  static observedAttributes = ["until"];

  connectedCallback(): void {
    this.#draw();
    this.#tick = setInterval(() => this.#draw(), 250);
  }

  disconnectedCallback(): void {
    clearInterval(this.#tick);
  }

  attributeChangedCallback(): void {
    if (this.isConnected) this.#draw();
  }

  #draw(): void {
    const until = Date.parse(this.getAttribute("until") ?? "");
    if (!Number.isFinite(until)) return;
    const total = Number(this.getAttribute("total") ?? "60") * 1000;
    const left = Math.min(Math.max(until - now(), 0), total);
    const text = this.querySelector("[data-left]");
    const seconds = String(Math.ceil(left / 1000));
    if (text && text.textContent !== seconds) text.textContent = seconds;
    this.querySelector("[data-ring]")?.setAttribute("stroke-dashoffset", String(100 - (100 * left) / total));
    this.classList.toggle("is-late", left <= 10_000);
  }
}

customElements.define("count-down", CountDown);
