// A promise cannot be told that nobody waits for it any more. Those of a connection can, by `timeout`: what one of them would have
// received is then for the next call.

const abandonments = new WeakMap();

/** Has `abandon(promise)` call `whenAbandoned`. */
export function abandonable(promise, whenAbandoned) {
  abandonments.set(promise, whenAbandoned);
  return promise;
}

/** Nobody waits for `promise` any more. */
export function abandon(promise) {
  abandonments.get(promise)?.();
}
