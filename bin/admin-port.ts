import type { Option } from 'commander';
import { ANSWER_BOUNDS, parseJson } from '../shared/bounded-json.ts';
import { boundedText } from '../shared/bounded-text.ts';
import { SkerryError } from '../shared/errors.ts';
import { fromProblem, PROBLEM_BYTES } from '../shared/problem.ts';
import { option } from './options.ts';

export function adminOption(): Option {
  return option('--admin <url>', 'the admin port of the edge').default('http://127.0.0.1:7599');
}

/** Has one edge do something, over its admin port. */
export async function askAdmin<T>(
  admin: string,
  path: string,
  body: object,
  signal: AbortSignal,
): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(new URL(path, admin), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal,
    });
  } catch (cause) {
    throw new SkerryError('edge-unreachable', `no answer from the admin port ${admin}`, { cause });
  }
  if (!answer.ok) throw fromProblem(answer.status, await boundedText(answer.body, PROBLEM_BYTES), 'internal');
  return parseJson(
    await boundedText(answer.body, ANSWER_BOUNDS.length),
    'upstream-protocol',
    ANSWER_BOUNDS,
  ) as T;
}
