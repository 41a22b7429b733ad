import type { Dispatcher } from 'undici';
import { SkerryError, systemCode } from '../../shared/errors.ts';
import { answerText } from '../../shared/json/whole-body.ts';
import { handshakeError } from '../../shared/tls/tls-errors.ts';
import { fromProblem, PROBLEM_BYTES } from '../../shared/wire/problem.ts';

/**
 * The origin answers errors with a problem document (RFC 9457). Any other error came from an edge, another server or
 * a proxy.
 */
export async function refusal(
  origin: string,
  { statusCode, body }: Dispatcher.ResponseData,
): Promise<SkerryError> {
  const text = await answerText(body, PROBLEM_BYTES);
  const problem = fromProblem(statusCode, text, statusCode === 404 ? 'not-an-origin' : 'proxy-refused');
  if (problem.code === 'not-an-origin')
    return new SkerryError('not-an-origin', `${origin} answers 404, so it is not an origin`, {
      cause: problem,
    });
  if (problem.code !== 'proxy-refused') return problem;
  const limit = statusCode === 413 ? ': it takes no body of this size (nginx: client_max_body_size)' : '';
  return new SkerryError('proxy-refused', `${origin} answers ${statusCode}${limit}`, {
    cause: problem,
  });
}

export function unreachable(origin: string, cause: unknown): SkerryError {
  if (cause instanceof SkerryError) return cause;
  const failed = handshakeError(origin, cause);
  if (failed !== undefined) return failed;
  const reason = systemCode(cause) ?? (cause instanceof Error ? cause.message : String(cause));
  return new SkerryError('origin-unreachable', `the origin at ${origin} does not answer (${reason})`, {
    cause,
  });
}
