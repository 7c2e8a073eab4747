// Everything that the terminal's pages load.

import "./htmx.ts";
import "./live.ts";
import "./amount-pad.ts";
import "./code-pad.ts";
import "./sign-pad.ts";
import "./play-sound.ts";
import "./live-clock.ts";
import "./net-status.ts";
import "./count-down.ts";
import "./elapsed-time.ts";
import "./qr-scan.ts";
import "./small.ts";
