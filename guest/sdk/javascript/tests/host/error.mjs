/** What the engine throws for an error of the host: the WIT's `error-code` as its payload. */
export function failed(tag, val) {
  return Object.assign(new Error(`the host says ${tag}`), { payload: { tag, val } });
}
