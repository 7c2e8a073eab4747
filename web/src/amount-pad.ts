// <amount-pad>: the keys around the amount field. The field itself is an ordinary input that the
// server reads, so a physical keyboard, paste and a page without script work the same way.

const LONG_PRESS_MS = 500;

export function digitsOf(text: string): string {
  return text.normalize("NFKC").replace(/[^0-9]/g, "").replace(/^0+(?=\d)/, "");
}

export function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

class AmountPad extends HTMLElement {
  #long: ReturnType<typeof setTimeout> | undefined;
  #cleared = false;

  connectedCallback(): void {
    this.addEventListener("click", this.#click);
    this.addEventListener("pointerdown", this.#down);
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
      this.addEventListener(end, () => clearTimeout(this.#long));
    }
    this.#field?.addEventListener("input", () => this.#set(digitsOf(this.#field?.value ?? "")));
    // The pad is the keyboard: an on-screen keyboard would cover it.
    this.#field?.setAttribute("inputmode", "none");
    document.addEventListener("keydown", this.#key);
    this.#set(digitsOf(this.#field?.value ?? ""));
  }

  disconnectedCallback(): void {
    document.removeEventListener("keydown", this.#key);
  }

  get #field(): HTMLInputElement | null {
    return this.querySelector("input[data-amount-field]");
  }

  get #most(): number {
    return Number(this.getAttribute("digits") ?? "7");
  }

  #click = (event: Event): void => {
    const key = (event.target as Element).closest<HTMLElement>("[data-key]")?.dataset["key"];
    if (!key) return;
    if (this.#cleared) this.#cleared = false;
    else this.#press(key);
  };

  #down = (event: Event): void => {
    this.#cleared = false;
    const key = (event.target as Element).closest<HTMLElement>("[data-key]");
    if (key?.dataset["key"] !== "back") return;
    this.#long = setTimeout(() => {
      this.#cleared = true;
      this.#press("clear");
    }, LONG_PRESS_MS);
  };

  #key = (event: KeyboardEvent): void => {
    const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
    if (typing || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^[0-9]$/.test(event.key)) this.#press(event.key);
    else if (event.key === "Backspace") this.#press("back");
    else if (event.key === "Delete" || event.key === "Escape") this.#press("clear");
    else return;
    event.preventDefault();
  };

  #press(key: string): void {
    const digits = digitsOf(this.#field?.value ?? "");
    const next = key === "clear" ? "" : key === "back" ? digits.slice(0, -1) : digitsOf(digits + key);
    this.#set(next);
    const lit = this.querySelector(`[data-key="${CSS.escape(key)}"]`);
    lit?.classList.add("is-lit");
    setTimeout(() => lit?.classList.remove("is-lit"), 120);
  }

  #set(digits: string): void {
    const field = this.#field;
    if (!field) return;
    const full = digits.length > this.#most;
    const kept = digits.slice(0, this.#most);
    const text = kept === "" || kept === "0" ? "" : grouped(kept);
    if (field.value !== text) field.value = text;
    this.classList.toggle("is-full", full);
    this.toggleAttribute("data-empty", text === "");
    for (const echo of document.querySelectorAll("[data-amount-echo]")) {
      echo.textContent = text === "" ? "" : `¥${text}`;
    }
  }
}

customElements.define("amount-pad", AmountPad);
