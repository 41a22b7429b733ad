import type { Static, TSchema } from 'typebox';
// `typebox/compile` does the same and loads 600 more modules, in every thread.
import { Check, Compile, Errors } from 'typebox/schema';
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

/** To compile a schema takes as long as so many uses without. */
const COMPILED_AFTER = 100;
/** Of a longer text one use is like many. */
const LONG_TEXT = 4096;

export function schema<T extends TSchema>(type: T): Schema<Static<T>> {
  let uses = 0;
  let compiled: Compiled<T> | undefined;
  const judge = (value: unknown, length: number, code: ErrorCode): Static<T> => {
    // Most of the schemas that a process loads it uses never, or a few times.
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
