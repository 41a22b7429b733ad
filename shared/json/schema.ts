import type { Static, TSchema } from 'typebox';
// `typebox/compile` does the same, but loads 600 more modules in every thread.
import { Check, Compile, Errors } from 'typebox/schema';
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

type Compiled<T extends TSchema> = ReturnType<typeof Compile<T>>;

/** Compiling a schema takes as long as using it uncompiled this many times. */
const COMPILED_AFTER = 100;
/** One check of a text longer than this costs as much as many checks of short texts. */
const LONG_TEXT = 4096;

export function schema<T extends TSchema>(type: T): Schema<Static<T>> {
  let uses = 0;
  let compiled: Compiled<T> | undefined;
  const judge = (value: unknown, length: number, code: ErrorCode): Static<T> => {
    // The description of a fault walks through every item of a list, so the length is checked first.
    const long = overlong(type, value);
    if (long !== undefined) throw new SkerryError(code, long);
    // A process uses most of the schemas that it loads only a few times, or never.
    if (compiled === undefined && (length > LONG_TEXT || uses++ >= COMPILED_AFTER)) compiled = Compile(type);
    if (compiled === undefined ? Check(type, value) : compiled.Check(value)) return value as Static<T>;
    const [, [fault]] = Errors(type, value);
    const place = fault?.instancePath ? `${fault.instancePath.slice(1)} ` : '';
    throw new SkerryError(code, `${place}${fault?.message ?? 'does not match the schema'}`);
  };
  return {
    parse: (value, code = 'bad-request') => judge(value, 0, code),
    parseText: (text, code = 'bad-request', bounds) =>
      judge(parseJson(text, code, bounds), text.length, code),
  };
}
