// <elapsed-time since="instant" data-s="{s} s" data-min="{m} min {s} s" data-h="{h} h {m} min">: how long
// something has been going on. Without script the instant itself stands there.

import { now } from "./server-clock.ts";

class ElapsedTime extends HTMLElement {
  #tick: ReturnType<typeof setInterval> | undefined;

  connectedCallback(): void {
    this.#draw();
    this.#tick = setInterval(() => this.#draw(), 1000);
    document.addEventListener("htmx:after:swap", this.#draw);
  }

  disconnectedCallback(): void {
    clearInterval(this.#tick);
    document.removeEventListener("htmx:after:swap", this.#draw);
  }

  #draw = (): void => {
    const since = Date.parse(this.getAttribute("since") ?? "");
    const place = this.querySelector("[data-elapsed]");
    if (!Number.isFinite(since) || !place) return;
    const seconds = Math.max(0, Math.floor((now() - since) / 1000));
    const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    const form = h > 0 ? this.dataset["h"] : m > 0 ? this.dataset["min"] : this.dataset["s"];
    const text = (form ?? "").replace("{h}", String(h)).replace("{m}", String(m)).replace("{s}", String(s));
    if (place.textContent !== text) place.textContent = text;
  };
}

customElements.define("elapsed-time", ElapsedTime);
