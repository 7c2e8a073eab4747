// Everything that the public receipt page loads: no htmx, nothing live.

import "./trusted.ts";
import "./small.ts";
