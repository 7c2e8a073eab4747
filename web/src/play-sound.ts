// <play-sound kind="ok|ng|unknown|click" key="…">: one short signal when it enters the page. Drawn
// by oscillators, so there are no files and nobody's trade mark is imitated.

type Note = { at: number; for: number; hz: number; wave: OscillatorType };

const SOUNDS: Record<string, Note[]> = {
  ok: [
    { at: 0, for: 0.11, hz: 784, wave: "sine" },
    { at: 0.11, for: 0.17, hz: 1175, wave: "sine" },
  ],
  ng: [
    { at: 0, for: 0.18, hz: 165, wave: "square" },
    { at: 0.26, for: 0.24, hz: 147, wave: "square" },
  ],
  unknown: [
    { at: 0, for: 0.12, hz: 523, wave: "triangle" },
    { at: 0.2, for: 0.12, hz: 440, wave: "triangle" },
    { at: 0.4, for: 0.2, hz: 523, wave: "triangle" },
  ],
  click: [{ at: 0, for: 0.03, hz: 1400, wave: "square" }],
};

let context: AudioContext | undefined;
let lastKey: string | null = null;

// Browsers give sound only after a touch; the first one on the page unlocks it.
for (const touch of ["pointerdown", "keydown"]) {
  document.addEventListener(touch, () => void audio().resume(), { once: true, passive: true });
}

function audio(): AudioContext {
  context ??= new AudioContext();
  return context;
}

export function play(kind: string): void {
  const out = audio();
  if (out.state === "suspended") void out.resume();
  for (const note of SOUNDS[kind] ?? []) {
    const start = out.currentTime + note.at + 0.02;
    const tone = new OscillatorNode(out, { type: note.wave, frequency: note.hz });
    const level = new GainNode(out, { gain: 0 });
    level.gain.linearRampToValueAtTime(0, start);
    level.gain.linearRampToValueAtTime(0.24, start + 0.012);
    level.gain.setValueAtTime(0.24, start + note.for - 0.03);
    level.gain.linearRampToValueAtTime(0, start + note.for);
    tone.connect(level).connect(out.destination);
    tone.start(start);
    tone.stop(start + note.for + 0.02);
  }
}

class PlaySound extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener("click", () => play(this.getAttribute("kind") ?? "click"));
    const key = this.getAttribute("key");
    // The same event drawn again (another view, a reconnect) does not sound again.
    if (key === null || key === lastKey) return;
    lastKey = key;
    document.documentElement.dataset["lastSound"] = this.getAttribute("kind") ?? "";
    play(this.getAttribute("kind") ?? "click");
  }
}

customElements.define("play-sound", PlaySound);
