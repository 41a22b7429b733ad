import type { Static, TSchema } from 'typebox';
// `typebox/compile` does the same, but loads 600 more modules in every thread.
import { Compile } from 'typebox/schema';
import { type ErrorCode, SkerryError } from '../errors.ts';
import { type JsonBounds, parseJson } from './bounded-json.ts';
import { overlong } from './overlong.ts';

/** A compiled JSON schema for data that enters the process. */
export interface Schema<T> {
  /** Returns the value with its type. Throws `code` with the place and the reason of the first fault. */
  parse(value: unknown, code?: ErrorCode): T;
  /** Like `parse`, for JSON text. `bounds` is for text of an unusual size. */
  parseText(text: string, code?: ErrorCode, bounds?: JsonBounds): T;
}

export function schema<T extends TSchema>(type: T): Schema<Static<T>> {
  const compiled = Compile(type);
  const parse = (value: unknown, code: ErrorCode = 'bad-request'): Static<T> => {
    // To say what is wrong with the first of its items would take a walk through all of them.
    const long = overlong(type, value);
    if (long !== undefined) throw new SkerryError(code, long);
    if (compiled.Check(value)) return value;
    const [, [fault]] = compiled.Errors(value);
    const place = fault?.instancePath ? `${fault.instancePath.slice(1)} ` : '';
    throw new SkerryError(code, `${place}${fault?.message ?? 'does not match the schema'}`);
  };
  return {
    parse,
    parseText: (text, code = 'bad-request', bounds) => parse(parseJson(text, code, bounds), code),
  };
}
