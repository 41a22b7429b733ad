import { parse } from 'secure-json-parse';
import { type ErrorCode, SkerryError } from '../errors.ts';
import { JsonStructure, type StructureBounds } from './json-structure.ts';

/** The limits of a JSON text. */
export interface JsonBounds extends StructureBounds {
  /** Characters of the whole text. */
  readonly length: number;
}

/**
 * The default limits, for record payloads, responses, and files in the data folder. The largest of these texts is the
 * checkpoint of all sites; see shared/log/record-limits.ts.
 */
export const JSON_BOUNDS: JsonBounds = {
  length: 5 * 1024 * 1024,
  depth: 32,
  values: 500_000,
  token: 5 * 1024 * 1024,
};

/** The limits for a response from a server that the user chose. The response may list a million digests. */
export const ANSWER_BOUNDS: JsonBounds = {
  length: 512 * 1024 * 1024,
  depth: 32,
  values: 20_000_000,
  token: 4 * 1024 * 1024,
};

/**
 * Parses JSON that comes from outside the process. Throws `code` for text that is not JSON, exceeds the bounds, or has
 * a key that would change the prototype of an object that it is copied into.
 */
export function parseJson(text: string, code: ErrorCode, bounds: JsonBounds = JSON_BOUNDS): unknown {
  const fault = jsonFault(text, bounds);
  if (fault !== undefined) throw new SkerryError(code, `the JSON ${fault}`);
  try {
    return parse(text);
  } catch (cause) {
    throw new SkerryError(code, 'the text is not valid JSON', { cause });
  }
}

/** The reason why a reader with these bounds would refuse the text, or undefined when it would accept it. */
export function jsonFault(text: string, bounds: JsonBounds = JSON_BOUNDS): string | undefined {
  if (text.length > bounds.length) return `is longer than ${bounds.length} characters`;
  return isPlain(text, bounds) ? undefined : new JsonStructure(bounds).fault(text);
}

/** Whether the text is so short, and has so few brackets, that it cannot exceed any bound. Most texts are like that. */
function isPlain(text: string, { depth, values, token }: StructureBounds): boolean {
  if (text.length > values || text.length > token) return false;
  let brackets = 0;
  for (const bracket of '[{')
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1))
      if (++brackets > depth) return false;
  return true;
}
