// The smallest elements: copy a text, show a password, open a question, print, keep the light on.

import { announce } from "./live.ts";

/** <copy-text text="…" done="コピーしました"><button>…</button></copy-text> */
class CopyText extends HTMLElement {
  connectedCallback(): void {
    this.querySelector("button")?.addEventListener("click", () => void this.#copy());
  }

  async #copy(): Promise<void> {
    await navigator.clipboard.writeText(this.getAttribute("text") ?? "");
    announce(this.getAttribute("done") ?? "");
    this.classList.add("is-done");
    setTimeout(() => this.classList.remove("is-done"), 1600);
  }
}

/** <confirm-dialog><button data-open>…</button><dialog>…</dialog></confirm-dialog> */
class ConfirmDialog extends HTMLElement {
  connectedCallback(): void {
    const dialog = this.querySelector("dialog");
    this.querySelector("[data-open]")?.addEventListener("click", () => dialog?.showModal());
    for (const close of this.querySelectorAll("[data-close]")) {
      close.addEventListener("click", () => dialog?.close());
    }
    dialog?.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
    dialog?.addEventListener("submit", () => dialog.close());
  }
}

/** <reveal-password><input type=password><button>…</button></reveal-password> */
class RevealPassword extends HTMLElement {
  connectedCallback(): void {
    const field = this.querySelector("input");
    const button = this.querySelector("button");
    button?.addEventListener("click", () => {
      if (!field) return;
      const shown = field.type === "password";
      field.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", String(shown));
    });
  }
}

/** <print-button><button>…</button></print-button> */
class PrintButton extends HTMLElement {
  connectedCallback(): void {
    this.querySelector("button")?.addEventListener("click", () => window.print());
  }
}

/** <wake-lock>: the screen stays lit while this is in the page and the page is in front. */
class WakeLock extends HTMLElement {
  #lock: WakeLockSentinel | undefined;

  connectedCallback(): void {
    document.addEventListener("visibilitychange", this.#take);
    void this.#take();
  }

  disconnectedCallback(): void {
    document.removeEventListener("visibilitychange", this.#take);
    void this.#lock?.release();
  }

  #take = async (): Promise<void> => {
    if (document.hidden || !("wakeLock" in navigator)) return;
    try {
      this.#lock = await navigator.wakeLock.request("screen");
    } catch {
      // A low battery or the device's settings may refuse; the page works without it.
    }
  };
}

customElements.define("copy-text", CopyText);
customElements.define("confirm-dialog", ConfirmDialog);
customElements.define("reveal-password", RevealPassword);
customElements.define("print-button", PrintButton);
customElements.define("wake-lock", WakeLock);
