import { type Static, Type } from 'typebox';
import { type Schema, schema } from '../../shared/json/schema.ts';
import type { TaskResult } from '../../shared/log/task-result.ts';
import { taskKinds } from '../../shared/work/kinds.ts';

/** The error of an attempt that failed. Edges of later versions may use codes that this version does not know. */
const failureSchema = Type.Object({
  code: Type.String({ maxLength: 60 }),
  message: Type.String({ maxLength: 500 }),
});
export type Failure = Static<typeof failureSchema>;
const failures = schema(failureSchema);

const results = new Map<string, Schema<unknown>>(
  [...taskKinds.values()].map(({ kind, result }) => [kind, schema(result)]),
);

/**
 * Checks that the text of a result has the form that its kind describes. The origin trusts what an edge says about its
 * own state, but others read the text, so a result of another form counts as a failure.
 */
export function checkedResult(kind: string, result: TaskResult): TaskResult {
  const form: Schema<unknown> | undefined = result.outcome === 'done' ? results.get(kind) : failures;
  try {
    form?.parseText(result.result, 'upstream-protocol');
    if (form !== undefined) return result;
  } catch {
    // It is replaced below.
  }
  const failure: Failure = {
    code: 'upstream-protocol',
    message: `${result.edge} sent a result in a form that ${kind} does not have`,
  };
  return { ...result, outcome: 'failed', result: JSON.stringify(failure) };
}
