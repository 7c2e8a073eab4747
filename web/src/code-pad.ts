// <code-pad>: keys for a code of digits (terminal ID, mail code, the desk's PIN pad). The server
// reads the field; `full` submits the form by itself when the last digit is in.

class CodePad extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener("click", this.#click);
    const field = this.#field;
    field?.addEventListener("input", () => this.#set(field.value.normalize("NFKC").replace(/[^0-9]/g, "")));
    if (field && !this.hasAttribute("keyboard")) field.setAttribute("inputmode", "none");
    this.#set(field?.value.replace(/[^0-9]/g, "") ?? "");
  }

  get #field(): HTMLInputElement | null {
    return this.querySelector("input[data-code-field]");
  }

  #click = (event: Event): void => {
    const key = (event.target as Element).closest<HTMLElement>("[data-key]")?.dataset["key"];
    const field = this.#field;
    if (!key || !field) return;
    if (key === "clear") this.#set("");
    else if (key === "back") this.#set(field.value.slice(0, -1));
    else if (/^\d+$/.test(key)) this.#set(field.value + key);
  };

  #set(digits: string): void {
    const field = this.#field;
    if (!field) return;
    const most = Number(this.getAttribute("digits") ?? "8");
    const grew = digits.length > field.value.length;
    field.value = digits.slice(0, most);
    for (const [n, dot] of [...this.querySelectorAll("[data-dot]")].entries()) {
      dot.classList.toggle("is-on", n < field.value.length);
    }
    if (grew && digits.length >= most && this.hasAttribute("full")) field.form?.requestSubmit();
  }
}

customElements.define("code-pad", CodePad);
