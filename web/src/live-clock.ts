// <live-clock>: the time in Asia/Tokyo, whatever zone the device is set to.

import { learn, now } from "./server-clock.ts";

const TIME = new Intl.DateTimeFormat("ja-JP", {
  timeZone: "Asia/Tokyo",
  hour: "2-digit",
  minute: "2-digit",
  hour12: false,
});

class LiveClock extends HTMLElement {
  #tick: ReturnType<typeof setInterval> | undefined;

  connectedCallback(): void {
    learn(this.querySelector("time")?.getAttribute("datetime"));
    this.#draw();
    this.#tick = setInterval(() => this.#draw(), 1000);
  }

  disconnectedCallback(): void {
    clearInterval(this.#tick);
  }

  #draw(): void {
    const time = this.querySelector("time");
    const text = TIME.format(now());
    if (time && time.textContent !== text) time.textContent = text;
  }
}

customElements.define("live-clock", LiveClock);
