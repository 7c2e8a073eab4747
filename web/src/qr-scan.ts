// <qr-scan frames="/scan/frame">: the camera's picture, and a grey copy of it posted to the program four
// times a second; the program finds the code in it and changes the screen. <scan-wedge>: a scanner that
// types: what it types anywhere on the page goes into the field and is sent with Enter.

const EVERY_MS = 250;
const WIDEST = 640;

class QrScan extends HTMLElement {
  #stream: MediaStream | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #facing: "environment" | "user" = "environment";
  #busy = false;

  connectedCallback(): void {
    this.addEventListener("click", this.#click);
    document.addEventListener("htmx:after:swap", this.#show);
    document.addEventListener("visibilitychange", this.#hidden);
    this.#show();
    void this.#startIfAllowed();
  }

  disconnectedCallback(): void {
    document.removeEventListener("htmx:after:swap", this.#show);
    document.removeEventListener("visibilitychange", this.#hidden);
    this.#stop();
  }

  /** Where the camera was allowed before, the clerk need not ask for it every time. */
  async #startIfAllowed(): Promise<void> {
    try {
      const allowed = await navigator.permissions.query({ name: "camera" as PermissionName });
      if (allowed.state === "granted" && this.isConnected) await this.#start();
    } catch {
      // A browser that does not tell: the button starts it.
    }
  }

  #click = (event: Event): void => {
    const button = (event.target as Element).closest("button");
    if (!button) return;
    if (button.hasAttribute("data-start")) void this.#start();
    else if (button.hasAttribute("data-stop")) this.#stop();
    else if (button.hasAttribute("data-turn")) {
      this.#facing = this.#facing === "user" ? "environment" : "user";
      this.#stop();
      void this.#start();
    }
  };

  #hidden = (): void => {
    if (document.hidden) this.#stop();
  };

  async #start(): Promise<void> {
    if (this.#stream) return;
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: this.#facing, width: { ideal: 1280 }, height: { ideal: 720 } },
      });
    } catch {
      this.#say(this.querySelector<HTMLElement>("[data-error]")?.dataset["text"] ?? "");
      return;
    }
    if (!this.isConnected) {
      this.#stop();
      return;
    }
    this.#say("");
    this.#show();
    this.#timer = setInterval(() => void this.#post(), EVERY_MS);
  }

  #stop(): void {
    clearInterval(this.#timer);
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = undefined;
    this.#show();
  }

  /** A redrawn screen has lost what the script had set on it. */
  #show = (): void => {
    this.classList.toggle("is-on", !!this.#stream);
    const video = this.querySelector("video");
    if (!video || video.srcObject === (this.#stream ?? null)) return;
    video.srcObject = this.#stream ?? null;
    if (this.#stream) void video.play().catch(() => undefined);
  };

  #say(text: string): void {
    const box = this.querySelector("[data-error]");
    if (box) box.textContent = text;
  }

  async #post(): Promise<void> {
    const video = this.querySelector("video");
    const path = this.getAttribute("frames");
    if (this.#busy || !video?.videoWidth || !path) return;
    this.#busy = true;
    try {
      const { grey, width, height } = greyFrame(video);
      const answer = await fetch(`${path}?w=${width}&h=${height}`, {
        method: "POST",
        headers: { "content-type": "application/octet-stream" },
        body: grey,
      });
      if (answer.status === 200 || answer.status === 409) this.#stop();
    } catch {
      // The program does not answer: the lamp says so, and the next frame may get through.
    } finally {
      this.#busy = false;
    }
  }
}

function greyFrame(video: HTMLVideoElement): { grey: Uint8Array<ArrayBuffer>; width: number; height: number } {
  const scale = Math.min(1, WIDEST / video.videoWidth);
  const width = Math.round(video.videoWidth * scale);
  const height = Math.round(video.videoHeight * scale);
  const canvas = new OffscreenCanvas(width, height);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const grey = new Uint8Array(width * height);
  if (!pen) return { grey, width, height };
  pen.drawImage(video, 0, 0, width, height);
  const { data } = pen.getImageData(0, 0, width, height);
  for (let n = 0; n < grey.length; n += 1) {
    // ITU-R BT.601 weights in 256ths.
    grey[n] = (77 * (data[4 * n] ?? 0) + 150 * (data[4 * n + 1] ?? 0) + 29 * (data[4 * n + 2] ?? 0)) >> 8;
  }
  return { grey, width, height };
}

/** A scanner types faster than any hand: keys closer together than this belong to one code. */
const GAP_MS = 60;

class ScanWedge extends HTMLElement {
  #text = "";
  #last = 0;

  connectedCallback(): void {
    document.addEventListener("keydown", this.#key, { capture: true });
  }

  disconnectedCallback(): void {
    document.removeEventListener("keydown", this.#key, { capture: true });
  }

  #key = (event: KeyboardEvent): void => {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const field = this.querySelector<HTMLInputElement>("#code");
    const typing = document.activeElement instanceof HTMLInputElement;
    if (!field || typing) return;
    if (event.timeStamp - this.#last > GAP_MS) this.#text = "";
    this.#last = event.timeStamp;
    if (event.key === "Enter" && this.#text.length >= 8) {
      event.preventDefault();
      field.value = this.#text;
      const entry = this.querySelector<HTMLInputElement>("[data-entry]");
      if (entry) entry.value = "scanner";
      this.#text = "";
      field.form?.requestSubmit();
    } else if (event.key.length === 1) {
      this.#text += event.key;
      // A space or a letter of a code must not press the button that has the focus.
      if (this.#text.length > 1) event.preventDefault();
    }
  };
}

customElements.define("qr-scan", QrScan);
customElements.define("scan-wedge", ScanWedge);
