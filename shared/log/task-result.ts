import { type Static, Type } from 'typebox';
import { digestOf } from '../content/digest.ts';
import { schema } from '../json/schema.ts';
import { SIGNATURE_PATTERN, type SigningKey } from '../signing/keys.ts';
import { attemptKey, attemptSchema } from '../work/assignment.ts';
import { type StatementKind, sign } from './statement-kind.ts';

/** The maximum number of bytes of a result as JSON text. Kinds that can be tasks keep their results within it. */
export const MAX_RESULT_BYTES = 23 * 1024;

const taskResultSchema = Type.Object({
  log: Type.String(),
  epoch: Type.Integer(),
  edge: Type.String(),
  ...attemptSchema,
  outcome: Type.Union([Type.Literal('done'), Type.Literal('failed')]),
  time: Type.Integer({
    description: 'When the attempt ended, in milliseconds since 1970 by the time of the log.',
  }),
  result: Type.String({
    maxLength: MAX_RESULT_BYTES,
    description:
      'JSON text: the result of the kind, or for a failed attempt an object with the `code` and the `message` of the error.',
  }),
  sig: Type.String({ pattern: SIGNATURE_PATTERN }),
});

/** An edge's signed statement about how an attempt at its share of a task ended. */
export type TaskResult = Static<typeof taskResultSchema>;

export const taskResultKind: StatementKind<TaskResult> = {
  schema: schema(taskResultSchema),
  text: canonical,
  subject: (result) => ({ name: attemptKey(result), site: undefined }),
};

export function signTaskResult(result: Omit<TaskResult, 'sig'>, key: SigningKey): TaskResult {
  return sign(taskResultKind, result, key);
}

function canonical(r: Omit<TaskResult, 'sig'>): string {
  const { log, epoch, edge, task, share, attempt, nonce, outcome, time, result } = r;
  return JSON.stringify([
    ...['skerry-task-result-1', log, epoch, edge],
    ...[task, share, attempt, nonce, outcome, time, digestOf(result)],
  ]);
}
