/** Flow control as arithmetic (RFC 9113, 5.2 and 6.9). */

export const DEFAULT_WINDOW = 65_535;
const MOST_WINDOW = 2 ** 31 - 1;

/** The window after an update, which may be negative. Undefined if it would be larger than a window may be. */
export function widened(window: number, more: number): number | undefined {
  const wider = window + more;
  return wider > MOST_WINDOW ? undefined : wider;
}

/** Whether a number may be the size of a window. */
export function isWindow(size: number): boolean {
  return size <= MOST_WINDOW;
}

/** What the client may send before it gets an update. */
export interface Received {
  /** The bytes that were received and not given back. */
  readonly held: number;
  /** How much to give back now. 0 for nothing. */
  readonly update: number;
}

/** Adds the bytes of a DATA frame, with its padding. Undefined if the client sends more than its window. */
export function received(held: number, bytes: number): Received | undefined {
  const all = held + bytes;
  if (all > DEFAULT_WINDOW) return undefined;
  return all >= DEFAULT_WINDOW / 2 ? { held: 0, update: all } : { held: all, update: 0 };
}
