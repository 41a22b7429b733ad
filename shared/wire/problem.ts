import { type Static, Type } from 'typebox';
import { isErrorCode, SkerryError } from '../errors.ts';
import { parseJson } from '../json/bounded-json.ts';

/** The body of an error response, `application/problem+json` (RFC 9457). */
const problemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String({ description: 'What went wrong, in one sentence.' }),
    status: Type.Integer(),
    code: Type.String({ description: 'A stable code for programs.' }),
    hint: Type.String({ description: 'What to do about it.' }),
  },
  { additionalProperties: true },
);

export type Problem = Static<typeof problemSchema> & Record<string, unknown>;

export const PROBLEM_TYPE = 'application/problem+json';

/** The maximum number of bytes that are read from an error response. */
export const PROBLEM_BYTES = 1024 * 1024;
const MOST_TITLE = 8192;

export function toProblem(error: SkerryError): Problem {
  return {
    ...error.details,
    type: `urn:skerry:error:${error.code}`,
    title: error.message,
    status: error.status,
    code: error.code,
    hint: error.hint,
  };
}

/** The error in a response from the origin or a parent. An unreadable response becomes `fallback`. */
export function fromProblem(
  status: number,
  body: string,
  fallback: 'upstream-protocol' | 'not-an-origin' | 'proxy-refused' | 'internal',
): SkerryError {
  const parsed = parse(body);
  if (parsed !== undefined && isErrorCode(parsed.code) && typeof parsed.title === 'string') {
    const { type: _type, title, status: _status, code, hint: _hint, ...details } = parsed;
    return new SkerryError(code, title.slice(0, MOST_TITLE), { details });
  }
  return new SkerryError(fallback, `unexpected answer with status ${status}`);
}

function parse(body: string): (Record<string, unknown> & { code?: unknown; title?: unknown }) | undefined {
  try {
    const value: unknown = parseJson(body, 'upstream-protocol');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
