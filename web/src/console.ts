// Everything that the console's pages load.

import "./htmx.ts";
import "./live.ts";
import "./live-clock.ts";
import "./net-status.ts";
import "./small.ts";
