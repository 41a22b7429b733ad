/** Limits on the structure of JSON: its depth, its number of values, and the length of one string or number. */
export interface StructureBounds {
  readonly depth: number;
  /** Lists, objects, and the items in them. */
  readonly values: number;
  /** Characters of a string, a key or a number as written. For a piece in latin1, these are bytes. */
  readonly token: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const LIST = 0x5b;
const LIST_END = 0x5d;
const OBJECT = 0x7b;
const OBJECT_END = 0x7d;
const SPACE = 0x20;

/**
 * Checks the structure of JSON by its brackets, commas and quotes alone, in one pass before the parser. Nested brackets
 * cost a parser far more than other text of the same length. Text that is not JSON is left for the parser to refuse.
 */
export class JsonStructure {
  readonly #bounds: StructureBounds;
  #depth = 0;
  #values = 0;
  /** The length so far of the string or number that has not ended yet. */
  #token = 0;
  #isInString = false;
  /**
   * Whether the last piece ended with a backslash. Then the first character of the next piece is not a closing quote.
   */
  #isEscaped = false;

  constructor(bounds: StructureBounds) {
    this.#bounds = bounds;
  }

  /** Checks the next piece, which may be cut anywhere. Returns what is wrong, worded as the end of a sentence. */
  fault(piece: string): string | undefined {
    const most = this.#bounds;
    let at = 0;
    while (at < piece.length) {
      at = this.#isInString ? this.#passString(piece, at) : this.#passOpen(piece, at);
      if (this.#token > most.token) return `has a string or a number of more than ${most.token} characters`;
      if (this.#depth > most.depth) return `is nested deeper than ${most.depth} levels`;
      if (this.#values > most.values) return `has more than ${most.values} values`;
    }
    return undefined;
  }

  /** Moves past the closing quote. Most of the text is in strings, hence this separate tight loop. */
  #passString(piece: string, from: number): number {
    let at = this.#isEscaped ? from + 1 : from;
    for (; at < piece.length; at++) {
      const code = piece.charCodeAt(at);
      if (code === QUOTE) break;
      if (code === BACKSLASH) at++;
    }
    this.#isEscaped = at > piece.length;
    this.#isInString = at >= piece.length;
    this.#token += Math.min(at, piece.length) - from;
    return at + 1;
  }

  /** Moves past the next opening quote, or to the position at which a limit is exceeded. */
  #passOpen(piece: string, from: number): number {
    const most = this.#bounds;
    let [depth, values, token] = [this.#depth, this.#values, from === 0 ? this.#token : 0];
    let at = from;
    for (; at < piece.length && token <= most.token && depth <= most.depth && values <= most.values; at++) {
      const code = piece.charCodeAt(at);
      if (code === QUOTE) {
        this.#isInString = true;
        token = 0;
        break;
      }
      if (code === COMMA || code === LIST || code === OBJECT) values++;
      if (code === LIST || code === OBJECT) depth++;
      else if (code === LIST_END || code === OBJECT_END) depth--;
      else if (code !== COMMA && code !== COLON && code > SPACE) {
        token++;
        continue;
      }
      token = 0;
    }
    this.#depth = depth;
    this.#values = values;
    this.#token = token;
    return at + 1;
  }
}
