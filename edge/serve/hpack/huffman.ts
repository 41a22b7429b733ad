import { HpackError } from './hpack-error.ts';
import { CODE_LENGTHS, CODES } from './huffman-code.ts';

const END_OF_STRING = 256;
const MOST_STATES = 256;
const BITS_AT_ONCE = 4;

/** A step yields a symbol in its lowest eight bits if this bit is set. */
const YIELDS = 0x100;
/** The code of the end of a string, which must not occur (RFC 7541, 5.2). */
const FAILS = 0x200;
/** The next state stands in the bits from here on. */
const NEXT = 10;

/** What the next four bits do in each state. A state is a place in the tree of codes, and state 0 is its root. */
const STEPS = new Uint32Array(MOST_STATES << BITS_AT_ONCE);
/** 1 for the states in which a string may end: those that at most seven one bits lead to. */
const MAY_END = new Uint8Array(MOST_STATES);

/** Two branches: a node, or the complement of a symbol. 0 while there is none, since no branch leads to the root. */
type Node = [zero: number, one: number];

fillSteps(codeTree());

function codeTree(): Node[] {
  const nodes: Node[] = [[0, 0]];
  CODES.forEach((code, symbol) => {
    let at = 0;
    for (let bit = (CODE_LENGTHS[symbol] ?? 0) - 1; bit > 0; bit--) {
      const node = nodes[at];
      if (node === undefined) return;
      const branch = (code >>> bit) & 1;
      if (node[branch] === 0) node[branch] = nodes.push([0, 0]) - 1;
      at = node[branch] ?? 0;
    }
    const leaf = nodes[at];
    if (leaf !== undefined) leaf[code & 1] = ~symbol;
  });
  return nodes;
}

function fillSteps(nodes: readonly Node[]): void {
  nodes.forEach((_, state) => {
    for (let bits = 0; bits < 1 << BITS_AT_ONCE; bits++)
      STEPS[(state << BITS_AT_ONCE) | bits] = stepFrom(nodes, state, bits);
  });
  let state = 0;
  MAY_END[state] = 1;
  for (let ones = 1; ones <= 7; ones++) {
    state = nodes[state]?.[1] ?? 0;
    MAY_END[state] = 1;
  }
}

function stepFrom(nodes: readonly Node[], state: number, bits: number): number {
  let at = state;
  let step = 0;
  for (let bit = BITS_AT_ONCE - 1; bit >= 0; bit--) {
    const next = nodes[at]?.[(bits >>> bit) & 1] ?? 0;
    if (~next === END_OF_STRING) return FAILS;
    if (next < 0) step |= YIELDS | ~next;
    at = Math.max(next, 0);
  }
  return step | (at << NEXT);
}

let decoded = Buffer.allocUnsafeSlow(4096);

/** Decodes a string. Throws `HpackError` if it is malformed. */
export function decodeHuffman(from: Uint8Array, start: number, end: number): string {
  // The shortest code has five bits, so there are fewer than two symbols for each byte.
  const most = 2 * (end - start);
  if (most > decoded.length) decoded = Buffer.allocUnsafeSlow(most);
  const to = decoded;
  let length = 0;
  let state = 0;
  for (let at = start; at < end; at++) {
    const byte = from[at] ?? 0;
    const high = STEPS[(state << BITS_AT_ONCE) | (byte >>> BITS_AT_ONCE)] ?? FAILS;
    if ((high & YIELDS) !== 0) to[length++] = high;
    const low = STEPS[((high >>> NEXT) << BITS_AT_ONCE) | (byte & 0x0f)] ?? FAILS;
    if ((low & YIELDS) !== 0) to[length++] = low;
    if (((high | low) & FAILS) !== 0) throw new HpackError('a string contains the code for its end');
    state = low >>> NEXT;
  }
  if (MAY_END[state] === 0) throw new HpackError('a string ends with malformed padding');
  return to.toString('latin1', 0, length);
}

/** How many bytes a string of single-byte characters takes. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += CODE_LENGTHS[text.charCodeAt(i)] ?? 0;
  return Math.ceil(bits / 8);
}

/** Appends the bytes of a string of single-byte characters. */
export function appendHuffman(bytes: number[], text: string): void {
  let pending = 0;
  let bits = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i);
    const code = CODES[symbol] ?? 0;
    // Bit by bit, because a code has up to 30 bits and a number only 32 for shifts. Responses are encoded rarely.
    for (let bit = (CODE_LENGTHS[symbol] ?? 0) - 1; bit >= 0; bit--) {
      pending = (pending << 1) | ((code >>> bit) & 1);
      if (++bits % 8 !== 0) continue;
      bytes.push(pending);
      pending = 0;
    }
  }
  const missing = (8 - (bits % 8)) % 8;
  if (missing > 0) bytes.push((pending << missing) | ((1 << missing) - 1));
}
