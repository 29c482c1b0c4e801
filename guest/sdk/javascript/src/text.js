// UTF-8, which QuickJS does not offer to programs. By the rules of https://encoding.spec.whatwg.org: a surrogate without its
// other half is encoded as U+FFFD, and so is decoded what is not UTF-8.

/** The UTF-8 of a string. */
export function encode(text) {
  const { length } = text;
  // Most texts are ASCII, and then the first guess of the size is right.
  let bytes = new Uint8Array(length);
  let at = 0;
  for (let index = 0; index < length; index++) {
    let point = text.charCodeAt(index);
    if (point < 0x80) {
      bytes[at++] = point;
      continue;
    }
    if (bytes.length < at + 3 * (length - index)) {
      // No character takes more than three bytes for each of its units.
      const larger = new Uint8Array(at + 3 * (length - index));
      larger.set(bytes.subarray(0, at));
      bytes = larger;
    }
    if (point >= 0xd800 && point < 0xe000) {
      const next = index + 1 < length ? text.charCodeAt(index + 1) : 0;
      if (point < 0xdc00 && next >= 0xdc00 && next < 0xe000) {
        point = 0x10000 + ((point & 0x3ff) << 10) + (next & 0x3ff);
        index++;
      } else {
        point = 0xfffd;
      }
    }
    if (point < 0x800) {
      bytes[at++] = 0xc0 | (point >> 6);
    } else {
      if (point < 0x10000) {
        bytes[at++] = 0xe0 | (point >> 12);
      } else {
        bytes[at++] = 0xf0 | (point >> 18);
        bytes[at++] = 0x80 | ((point >> 12) & 0x3f);
      }
      bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
    }
    bytes[at++] = 0x80 | (point & 0x3f);
  }
  return at === bytes.length ? bytes : bytes.slice(0, at);
}

/** How many units are put together at a time: as arguments of a call they take room on the stack. */
const PIECE = 1024;

/** The text of `bytes`. With `fatal`, what is not UTF-8 is a `TypeError`. */
export function decode(bytes, fatal = false) {
  const { length } = bytes;
  let text = "";
  let units = [];
  let at = 0;
  while (at < length) {
    // A run of ASCII is taken as it is.
    let end = at;
    const limit = Math.min(length, at + PIECE);
    while (end < limit && bytes[end] < 0x80) end++;
    if (end > at) {
      text += String.fromCharCode.apply(null, bytes.subarray(at, end));
      at = end;
      continue;
    }
    units.length = 0;
    while (at < length && bytes[at] >= 0x80 && units.length < PIECE) {
      const { point, size } = sequence(bytes, at);
      if (point < 0) {
        if (fatal) throw new TypeError("The encoded data was not valid for encoding utf-8");
        units.push(0xfffd);
      } else if (point < 0x10000) {
        units.push(point);
      } else {
        units.push(0xd7c0 + (point >> 10), 0xdc00 + (point & 0x3ff));
      }
      at += size;
    }
    text += String.fromCharCode.apply(null, units);
  }
  return text;
}

/**
 * The character at `at`, which is not ASCII, and its size in bytes; -1 for what is none, with the size of what one U+FFFD stands
 * for. `isCut` says that the bytes end before the character does.
 */
export function sequence(bytes, at) {
  const first = bytes[at];
  let more;
  let low = 0x80;
  let high = 0xbf;
  if (first >= 0xc2 && first <= 0xdf) {
    more = 1;
  } else if (first >= 0xe0 && first <= 0xef) {
    more = 2;
    if (first === 0xe0) low = 0xa0;
    if (first === 0xed) high = 0x9f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    more = 3;
    if (first === 0xf0) low = 0x90;
    if (first === 0xf4) high = 0x8f;
  } else {
    return { point: -1, size: 1, isCut: false };
  }
  let point = first & (0x3f >> more);
  for (let index = 1; index <= more; index++) {
    const byte = bytes[at + index];
    if (byte === undefined) return { point: -1, size: index, isCut: true };
    if (byte < low || byte > high) return { point: -1, size: index, isCut: false };
    low = 0x80;
    high = 0xbf;
    point = (point << 6) | (byte & 0x3f);
  }
  return { point, size: more + 1, isCut: false };
}
