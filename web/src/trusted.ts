// The one Trusted Types policy of the page: HTML that the server sent may be parsed; text never
// becomes script or a script address. Must be loaded before htmx.

type Factory = { createPolicy(name: string, rules: { createHTML(text: string): string }): unknown };

const factory = (window as unknown as { trustedTypes?: Factory }).trustedTypes;
factory?.createPolicy("default", { createHTML: (text) => text });
