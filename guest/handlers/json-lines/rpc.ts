// JSON-RPC 2.0: https://www.jsonrpc.org/specification. From the text of a request to that of its response.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The methods of a service, by name. What one throws is the error of its request. */
export type Methods = Record<string, (params: Json | undefined) => Json>;

/** The parameters are not those that the method takes. */
export class InvalidParams extends Error {}

/** Requests of a batch, at most. */
const MAX_BATCH = 100;

/**
 * How deep arrays and objects may be nested. The parser calls itself for each level, and a peer that could choose the depth could
 * exhaust the stack.
 */
const MAX_DEPTH = 64;

const PARSE_ERROR = { code: -32700, message: "Parse error" };
const INVALID_REQUEST = { code: -32600, message: "Invalid Request" };
const METHOD_NOT_FOUND = { code: -32601, message: "Method not found" };
const INVALID_PARAMS = { code: -32602, message: "Invalid params" };
const INTERNAL_ERROR = { code: -32603, message: "Internal error" };

interface Failure {
  code: number;
  message: string;
  data?: string;
}

type Id = string | number | null;

/** The response to a line; nothing for a notification, and for a batch of nothing else. */
export function respond(methods: Methods, line: string): string | undefined {
  if (depth(line) > MAX_DEPTH) return JSON.stringify(failure(null, invalid(`nested more than ${MAX_DEPTH} deep`)));
  let request: Json;
  try {
    request = JSON.parse(line);
  } catch {
    return JSON.stringify(failure(null, PARSE_ERROR));
  }
  if (!Array.isArray(request)) {
    const response = call(methods, request);
    return response && JSON.stringify(response);
  }
  if (request.length === 0) return JSON.stringify(failure(null, invalid("an empty batch")));
  if (request.length > MAX_BATCH) {
    return JSON.stringify(failure(null, invalid(`a batch of more than ${MAX_BATCH} requests`)));
  }
  const responses = request.map((one) => call(methods, one)).filter((response) => response !== undefined);
  return responses.length > 0 ? JSON.stringify(responses) : undefined;
}

/** The response to a line that is too long to be read. */
export function tooLong(max: number): string {
  return JSON.stringify(failure(null, invalid(`a line of more than ${max} bytes`)));
}

function call(methods: Methods, request: Json): object | undefined {
  if (request === null || typeof request !== "object" || Array.isArray(request)) {
    return failure(null, INVALID_REQUEST);
  }
  const { jsonrpc, method, params, id } = request;
  const isId = id === undefined || id === null || typeof id === "string" || typeof id === "number";
  const isParams = params === undefined || (params !== null && typeof params === "object");
  if (jsonrpc !== "2.0" || typeof method !== "string" || !isId || !isParams) {
    return failure(isId ? (id ?? null) : null, INVALID_REQUEST);
  }
  const answer = run(methods, method, params);
  // A notification: whoever sent it does not want to know.
  if (id === undefined) return undefined;
  return "result" in answer ? { jsonrpc: "2.0", result: answer.result, id } : failure(id, answer.failure);
}

function run(methods: Methods, method: string, params: Json | undefined): { result: Json } | { failure: Failure } {
  // What every object has (`constructor`, say) is no method.
  if (!Object.hasOwn(methods, method)) return { failure: METHOD_NOT_FOUND };
  try {
    return { result: methods[method]!(params) };
  } catch (error) {
    if (error instanceof InvalidParams) return { failure: { ...INVALID_PARAMS, data: error.message } };
    // The peer need not know how a method is made; the log of the server does.
    console.error(error);
    return { failure: INTERNAL_ERROR };
  }
}

function failure(id: Id, error: Failure): object {
  return { jsonrpc: "2.0", error, id };
}

function invalid(data: string): Failure {
  return { ...INVALID_REQUEST, data };
}

/** How deep brackets are nested outside of strings. Of what is no JSON this is no more than a bound. */
function depth(text: string): number {
  let deepest = 0;
  let level = 0;
  let isString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (isString) {
      if (character === "\\") index++;
      else if (character === '"') isString = false;
    } else if (character === '"') {
      isString = true;
    } else if (character === "[" || character === "{") {
      deepest = Math.max(deepest, ++level);
    } else if (character === "]" || character === "}") {
      level--;
    }
  }
  return deepest;
}
