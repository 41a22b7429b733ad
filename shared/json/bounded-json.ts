import { parse } from 'secure-json-parse';
import { type ErrorCode, SkerryError } from '../errors.ts';
import { JsonStructure, type StructureBounds } from './json-structure.ts';

/** What a JSON text may be. */
export interface JsonBounds extends StructureBounds {
  /** Characters of the whole. */
  readonly length: number;
}

/**
 * Of what no place says otherwise: a record's payload, an answer, a file of the data folder. The checkpoint of all sites
 * is the largest of them; see shared/log/record-limits.ts.
 */
export const JSON_BOUNDS: JsonBounds = {
  length: 5 * 1024 * 1024,
  depth: 32,
  values: 500_000,
  token: 5 * 1024 * 1024,
};

/** What a program is answered by a server of its choice, which may list a million digests. */
export const ANSWER_BOUNDS: JsonBounds = {
  length: 512 * 1024 * 1024,
  depth: 32,
  values: 20_000_000,
  token: 4 * 1024 * 1024,
};

/**
 * JSON from outside the process. Throws `code` for what is not JSON, is larger or deeper than it may be, or has a key
 * that would change the prototype of what it is copied into.
 */
export function parseJson(text: string, code: ErrorCode, bounds: JsonBounds = JSON_BOUNDS): unknown {
  const fault = jsonFault(text, bounds);
  if (fault !== undefined) throw new SkerryError(code, `the JSON ${fault}`);
  try {
    return parse(text);
  } catch (cause) {
    throw new SkerryError(code, 'not valid JSON', { cause });
  }
}

/** Why a reader with these bounds would not parse the text. */
export function jsonFault(text: string, bounds: JsonBounds = JSON_BOUNDS): string | undefined {
  if (text.length > bounds.length) return `is longer than ${bounds.length} characters`;
  return new JsonStructure(bounds).fault(text);
}
