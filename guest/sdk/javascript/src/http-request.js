import host from "socketserver:core/http-requests@0.1.0";
import { phase } from "./phase.js";

/** The HTTP request that the connection being handled is. See `socketserver.d.ts`. */
export function httpRequest() {
  // At the build there is no host to ask.
  const told = phase.isServing ? host.getHttpRequest() : null;
  if (told === null || told === undefined) return null;
  return {
    method: told.method,
    scheme: told.scheme ?? null,
    authority: told.authority ?? null,
    pathWithQuery: told.pathWithQuery ?? null,
    headers: told.headers.map(([name, value]) => [name, Uint8Array.from(value)]),
  };
}
