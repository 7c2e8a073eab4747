// htmx with its SSE extension, in the order they need: policy, htmx, extension.

import "./trusted.ts";
import "htmx.org/dist/htmx.esm.js";
import "htmx.org/dist/ext/hx-sse.js";
