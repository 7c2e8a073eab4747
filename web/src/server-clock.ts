// The time of the program that serves the page. A browser's own clock may be wrong or in another
// zone, and the demo moves time; every heartbeat brings the true instant.

let offset = 0;

/** Milliseconds since 1970 by the server's clock. */
export function now(): number {
  return Date.now() + offset;
}

/** Takes over the instant that a page or a heartbeat carries. */
export function learn(instant: string | null | undefined): void {
  const at = instant ? Date.parse(instant) : Number.NaN;
  if (Number.isFinite(at)) offset = at - Date.now();
}
