/**
 * What there is without being imported, beside the language itself: a part of what browsers and Node.js have.
 *
 * For projects that have neither the types of the DOM nor those of Node.js.
 */

/** Writes to the log of the server: `log`, `info` and `debug` to standard output, the others to standard error. */
declare const console: {
  log(...values: unknown[]): void;
  info(...values: unknown[]): void;
  debug(...values: unknown[]): void;
  dir(value: unknown): void;
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
  trace(...values: unknown[]): void;
  assert(condition: unknown, ...values: unknown[]): void;
  group(...values: unknown[]): void;
  groupEnd(): void;
  count(label?: string): void;
  countReset(label?: string): void;
};

/** Random numbers of the host. */
declare const crypto: {
  /** Fills an array of integers, of at most 65,536 bytes. */
  getRandomValues<T extends ArrayBufferView>(array: T): T;
  randomUUID(): string;
};

/** The time since its first use, in milliseconds. */
declare const performance: { now(): number };

declare class TextEncoder {
  readonly encoding: string;
  encode(text?: string): Uint8Array;
  encodeInto(text: string, destination: Uint8Array): { read: number; written: number };
}

/** For UTF-8 alone. */
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  decode(input?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string;
}

/** Timers: in asynchronous handlers alone; elsewhere an error. */
declare function setTimeout<P extends unknown[]>(callback: (...parameters: P) => void, delay?: number, ...parameters: P): number;
declare function setInterval<P extends unknown[]>(callback: (...parameters: P) => void, delay?: number, ...parameters: P): number;
declare function clearTimeout(id: number | undefined): void;
declare function clearInterval(id: number | undefined): void;

declare function queueMicrotask(callback: () => void): void;
declare function atob(data: string): string;
declare function btoa(data: string): string;
