import type { Static, TSchema } from 'typebox';
// `typebox/compile` does the same and loads 600 more modules, in every thread.
import { Compile } from 'typebox/schema';
import { type ErrorCode, SkerryError } from '../errors.ts';
import { type JsonBounds, parseJson } from './bounded-json.ts';

/** A compiled JSON schema at an edge of the process. */
export interface Schema<T> {
  /** The value, now typed; throws `code` with the place and the reason. */
  parse(value: unknown, code?: ErrorCode): T;
  /** As `parse`, from JSON text; `bounds` for a text that is not of the usual size. */
  parseText(text: string, code?: ErrorCode, bounds?: JsonBounds): T;
}

type Compiled<T extends TSchema> = ReturnType<typeof Compile<T>>;

export function schema<T extends TSchema>(type: T): Schema<Static<T>> {
  // When it is first used: a process uses few of those that it loads.
  let compiled: Compiled<T> | undefined;
  const parse = (value: unknown, code: ErrorCode = 'bad-request'): Static<T> => {
    compiled ??= Compile(type);
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
