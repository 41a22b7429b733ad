import { MOST_PLACEHOLDERS } from './limits.ts';
import type { Captures } from './path-pattern.ts';

const PLACEHOLDER = /:([A-Za-z]\w*)/g;

/** A text with placeholders of a pattern. Names that the pattern does not have are plain text. */
export class Template {
  readonly text: string;
  /** Undefined for a text without placeholders, which is the same for every request. */
  readonly #pieces: readonly Piece[] | undefined;

  constructor(text: string, pieces: readonly Piece[] | undefined) {
    this.text = text;
    this.#pieces = pieces;
  }

  get isFixed(): boolean {
    return this.#pieces === undefined;
  }

  /** The text with its placeholders filled in. Undefined when it has more than `longest` characters. */
  fill(captures: Captures, encode: (capture: string) => string, longest: number): string | undefined {
    return this.#pieces === undefined ? this.text : filled(this.#pieces, captures, encode, longest);
  }
}

/** Some text and the placeholder that follows it. */
interface Piece {
  readonly before: string;
  readonly name: string | undefined;
}

/** Parses a template, or describes what is wrong with it. `names` are the placeholders of the pattern. */
export function template(text: string, names: readonly string[]): Template | { readonly fault: string } {
  const pieces = names.length === 0 ? [] : piecesOf(text, names);
  const placeholders = pieces.filter(({ name }) => name !== undefined).length;
  if (placeholders > MOST_PLACEHOLDERS)
    return { fault: `there are ${placeholders} placeholders; ${MOST_PLACEHOLDERS} is the most` };
  return new Template(text, placeholders === 0 ? undefined : pieces);
}

function piecesOf(text: string, names: readonly string[]): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const { 0: placeholder, 1: name = '', index } of text.matchAll(PLACEHOLDER)) {
    if (!names.includes(name)) continue;
    pieces.push({ before: text.slice(end, index), name });
    end = index + placeholder.length;
  }
  return [...pieces, { before: text.slice(end), name: undefined }];
}

/** Text that is too long before encoding is not encoded, because encoding never makes it shorter. */
function filled(
  pieces: readonly Piece[],
  captures: Captures,
  encode: (capture: string) => string,
  longest: number,
): string | undefined {
  const captured = pieces.map(({ name }) => (name === undefined ? '' : (captures[name] ?? '')));
  const least = pieces.reduce((sum, { before }, i) => sum + before.length + (captured[i]?.length ?? 0), 0);
  if (least > longest) return undefined;
  const text = pieces.map(({ before }, i) => before + encode(captured[i] ?? '')).join('');
  return text.length > longest ? undefined : text;
}
