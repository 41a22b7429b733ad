import { type Static, Type } from 'typebox';
import { DIGEST_PATTERN, type Digest, digestOf } from '../content/digest.ts';
import { schema } from '../json/schema.ts';
import { NONCE_PATTERN } from '../signing/nonce.ts';
import { count } from './amounts.ts';
import { KIND_PATTERN } from './work-kind.ts';

/**
 * The maximum number of assignments that an edge has at a time. The origin holds further assignments back until the
 * edge has room.
 */
export const MOST_ASSIGNMENTS = 8;
/** The maximum number of bytes of the arguments of a task, as JSON text. */
export const MAX_TASK_ARGUMENT_BYTES = 16 * 1024;
/** The maximum number of bytes of an edge's list of assignments. */
export const MAX_ASSIGNMENTS_BYTES = MOST_ASSIGNMENTS * (MAX_TASK_ARGUMENT_BYTES + 512);

/**
 * Names one attempt of one edge at its share of a task. An origin that was restored from an older copy reuses numbers.
 * The nonce then distinguishes an attempt from an earlier one with the same numbers.
 */
export const attemptSchema = {
  task: Type.Integer({ minimum: 1 }),
  share: Type.Integer({ minimum: 0 }),
  attempt: Type.Integer({ minimum: 1 }),
  nonce: Type.String({ pattern: NONCE_PATTERN }),
};
const attemptType = Type.Object(attemptSchema);
export type Attempt = Static<typeof attemptType>;

/** Work that the origin wants an edge to do. The edge reads `args` with the schema of the kind. */
const assignmentSchema = Type.Object({
  ...attemptSchema,
  kind: Type.String({ pattern: KIND_PATTERN }),
  args: Type.Unknown(),
});
export type Assignment = Static<typeof assignmentSchema>;

const lists = schema(Type.Array(assignmentSchema, { maxItems: MOST_ASSIGNMENTS }));

/**
 * All assignments of an edge as text. The origin's grant contains the digest of this text, so a parent can neither
 * change the list nor replay an old one. An assignment that is missing from the list is cancelled.
 */
export interface AssignmentList {
  readonly text: string;
  readonly digest: Digest;
}

/** The list, or null when it is empty: most edges have no assignments. */
export function assignmentList(assignments: readonly Assignment[]): AssignmentList | null {
  if (assignments.length === 0) return null;
  const text = JSON.stringify(assignments);
  return { text, digest: digestOf(text) };
}

/** Throws `upstream-protocol` if the text is not a list of assignments. */
export function parseAssignments(text: string): Assignment[] {
  return lists.parseText(text, 'upstream-protocol');
}

/** A key that identifies an attempt. */
export const attemptKey = ({ task, share, attempt, nonce }: Attempt): string =>
  `${task}/${share}/${attempt}/${nonce}`;

/** The part of a report that describes the tasks of an edge. */
export const taskReportSchema = Type.Object({
  kinds: Type.Array(Type.String({ pattern: KIND_PATTERN }), {
    maxItems: 100,
    description: 'The kinds of work that the edge takes as tasks.',
  }),
  assignments: Type.Union([Type.String({ pattern: DIGEST_PATTERN }), Type.Null()], {
    description: 'The digest of the list of assignments that the edge has; null for an empty list.',
  }),
  running: Type.Array(Type.Object({ ...attemptSchema, objects: count, bytes: count }), {
    maxItems: MOST_ASSIGNMENTS,
    description: 'The attempts that run, and what they have done so far.',
  }),
});
export type TaskReport = Static<typeof taskReportSchema>;

/** The report of an edge without tasks, for instance of one that has just started. */
export const NO_TASKS: TaskReport = { kinds: [], assignments: null, running: [] };
