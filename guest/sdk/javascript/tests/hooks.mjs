// Where the interfaces of the host are when there is none, and `socketserver` itself.

const PLACES = {
  "socketserver": "../src/index.js",
  "socketserver:core/http-requests": "host/http-requests.mjs",
  "socketserver:core/server": "host/server.mjs",
  "wasi:cli/environment": "host/environment.mjs",
  "wasi:cli/stderr": "host/output.mjs",
  "wasi:cli/stdout": "host/output.mjs",
  "wasi:clocks/monotonic-clock": "host/clock.mjs",
  "wasi:random/random": "host/random.mjs",
};

export async function resolve(specifier, context, next) {
  const place = PLACES[specifier.replace(/@.*$/, "")];
  if (place === undefined) return next(specifier, context);
  return { url: new URL(place, import.meta.url).href, shortCircuit: true };
}
