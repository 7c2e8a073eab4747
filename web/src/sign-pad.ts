// <sign-pad>: a signature by pen, finger or mouse, posted as strokes of whole points:
// {"width":w,"height":h,"strokes":[[[x,y],…],…]}. The server draws it; the browser keeps nothing.

import SignaturePad from "signature_pad";
import { announce } from "./live.ts";

const MOST_POINTS = 3000;

class SignPad extends HTMLElement {
  #pad: SignaturePad | undefined;
  #resize: ResizeObserver | undefined;
  #drawing = false;

  connectedCallback(): void {
    const canvas = this.querySelector("canvas");
    if (!canvas) return;
    this.#pad = new SignaturePad(canvas, { penColor: "#1a1a1a", minWidth: 1.2, maxWidth: 3.2 });
    this.#pad.addEventListener("beginStroke", () => {
      this.classList.add("has-ink");
      this.#drawing = true;
    });
    // The sheet grows when the error goes, and a sheet that is drawn anew forgets the pen that is on it.
    this.#pad.addEventListener("endStroke", () => {
      this.#drawing = false;
      this.#error("");
      this.#fit(canvas);
    });
    this.#resize = new ResizeObserver(() => this.#fit(canvas));
    this.#resize.observe(canvas);
    this.querySelector("[data-clear]")?.addEventListener("click", () => this.#clear());
    this.closest("form")?.addEventListener("submit", this.#submit, { capture: true });
  }

  disconnectedCallback(): void {
    this.#resize?.disconnect();
    this.#pad?.off();
  }

  #fit(canvas: HTMLCanvasElement): void {
    if (this.#drawing) return;
    const scale = Math.max(window.devicePixelRatio, 1);
    const wanted = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)];
    if (canvas.width === wanted[0] && canvas.height === wanted[1]) return;
    [canvas.width, canvas.height] = wanted as [number, number];
    canvas.getContext("2d")?.scale(scale, scale);
    this.#pad?.redraw();
  }

  #clear(): void {
    this.#pad?.clear();
    this.classList.remove("has-ink");
  }

  #submit = (event: SubmitEvent): void => {
    const without = (event.submitter as HTMLElement | null)?.hasAttribute("data-unsigned") ?? false;
    const field = this.querySelector<HTMLInputElement>("input[data-strokes]");
    const canvas = this.querySelector("canvas");
    if (!field || !canvas || without) return;
    if (!this.#pad || this.#pad.isEmpty()) {
      event.preventDefault();
      event.stopImmediatePropagation();
      this.#error(this.dataset["empty"] ?? "");
      return;
    }
    field.value = JSON.stringify({
      width: canvas.clientWidth,
      height: canvas.clientHeight,
      strokes: thinned(this.#pad.toData().map((group) => group.points)),
    });
  };

  #error(text: string): void {
    const box = this.querySelector("[data-error]");
    if (box) box.textContent = text;
    if (text) announce(text);
  }
}

function thinned(strokes: { x: number; y: number }[][]): number[][][] {
  const total = strokes.reduce((sum, points) => sum + points.length, 0);
  const step = Math.max(1, Math.ceil(total / MOST_POINTS));
  return strokes.map((points) =>
    points
      .filter((_, n) => n % step === 0 || n === points.length - 1)
      .map(({ x, y }) => [Math.max(0, Math.round(x)), Math.max(0, Math.round(y))]),
  );
}

customElements.define("sign-pad", SignPad);
