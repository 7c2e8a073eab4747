// <net-status>: the lamp in the header. It follows the heartbeat: `up`, `down` (the program runs
// but cannot reach the center) or `lost` (the program itself has been silent for seven seconds).

class NetStatus extends HTMLElement {
  connectedCallback(): void {
    document.addEventListener("choba:link", this.#link);
  }

  disconnectedCallback(): void {
    document.removeEventListener("choba:link", this.#link);
  }

  #link = (event: Event): void => {
    const state = (event as CustomEvent<string>).detail;
    this.dataset["state"] = state;
    document.documentElement.dataset["link"] = state;
    const text = this.querySelector("[data-text]");
    const words = this.dataset[`word${state.charAt(0).toUpperCase()}${state.slice(1)}`];
    if (text && words) text.textContent = words;
  };
}

customElements.define("net-status", NetStatus);
