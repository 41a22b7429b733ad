import { type Static, Type } from 'typebox';
import { nameSchema } from '../site/names.ts';
import { count } from '../work/amounts.ts';
import { KIND_PATTERN } from '../work/work-kind.ts';
import { DEADLINE_SECONDS, MOST_NAMED_EDGES } from './task-limits.ts';

/** The bodies of /v1/tasks. */

const closed = { additionalProperties: false } as const;

const targetSchema = Type.Union(
  [
    Type.Object({ edges: Type.Array(nameSchema, { minItems: 1, maxItems: MOST_NAMED_EDGES }) }, closed),
    Type.Object({ region: Type.String({ minLength: 1, maxLength: 63 }) }, closed),
    Type.Object({ label: nameSchema }, closed),
    Type.Object({ all: Type.Literal(true) }, closed),
    Type.Object({ any: Type.Literal(true) }, closed),
  ],
  {
    description:
      'The edges that get a share of the task: those named, those of a region, those with a label, or all. With `any` the task has one share, for the least loaded edge that can do it.',
  },
);
export type RequestedTarget = Static<typeof targetSchema>;

/** POST /v1/tasks */
export const newTaskSchema = Type.Object(
  {
    kind: Type.String({ pattern: KIND_PATTERN, description: 'The kind of work, for instance `verify`.' }),
    args: Type.Optional(
      Type.Object({}, { description: 'The arguments that the kind takes. Left out: an empty object.' }),
    ),
    target: targetSchema,
    deadline: Type.Optional(
      Type.Integer({
        minimum: DEADLINE_SECONDS.least,
        maximum: DEADLINE_SECONDS.most,
        description: `After this many seconds, shares that have not ended expire. Left out: ${DEADLINE_SECONDS.usual}.`,
      }),
    ),
  },
  closed,
);
export type TaskRequest = Static<typeof newTaskSchema>;

const stateSchema = Type.Union(
  [
    Type.Literal('queued'),
    Type.Literal('assigned'),
    Type.Literal('running'),
    Type.Literal('done'),
    Type.Literal('failed'),
    Type.Literal('cancelled'),
    Type.Literal('expired'),
  ],
  {
    description:
      '`queued`: no edge has it. `assigned`: an edge was given it. `running`: an edge reports that it works on it. The others are final.',
  },
);
export type ShownTaskState = Static<typeof stateSchema>;

const amountSchema = Type.Object({ objects: count, bytes: count });
const time = (description: string) =>
  Type.Integer({ description: `${description}, in milliseconds since 1970.` });

export const taskStatusSchema = Type.Object({
  id: Type.Integer({ minimum: 1 }),
  kind: Type.String(),
  args: Type.Unknown(),
  target: targetSchema,
  cause: Type.String({ description: 'Who asked for the task, or what the origin saw.' }),
  state: stateSchema,
  created: time('When it was created'),
  deadline: time('When the shares that have not ended expire'),
  ended: Type.Union([time('When its last share ended'), Type.Null()]),
});
export type TaskStatus = Static<typeof taskStatusSchema>;

const shareStatusSchema = Type.Object({
  share: count,
  edge: Type.Union([nameSchema, Type.Null()], {
    description: 'The edge that did it, does it or is to do it; null while no edge has it.',
  }),
  state: stateSchema,
  attempts: Type.Integer({ minimum: 0, description: 'How often an edge was given it.' }),
  progress: Type.Union([amountSchema, Type.Null()], {
    description: 'What the running attempt has done so far; null while none runs.',
  }),
  result: Type.Unknown({
    description:
      'The result of the kind; for a share that failed or expired, the `code` and the `message`; null before.',
  }),
});
export type ShareStatus = Static<typeof shareStatusSchema>;

/** GET /v1/tasks/:id */
export const taskDetailSchema = Type.Object({
  ...taskStatusSchema.properties,
  result: Type.Unknown({
    description:
      'The results of all edges that are done, merged into one of the same form. Null while the task is open, on later pages, and for kinds whose results stand for one edge alone.',
  }),
  shares: Type.Array(shareStatusSchema),
  next: Type.Union([count, Type.Null()], {
    description: 'The share to continue with (`?from=`); null after the last.',
  }),
});
export type TaskDetail = Static<typeof taskDetailSchema>;

/** The maximum number of actions that GET /v1/tasks/plan shows. */
export const MOST_PLANNED_ACTIONS = 500;

/** GET /v1/tasks/plan: the actions that the origin would take by itself now. The request changes nothing. */
export const actionPlanSchema = Type.Object({
  time: time('When the fleet was looked at'),
  actions: Type.Array(
    Type.Object({
      key: Type.String({
        description:
          'Names what the action is about. While a task with this key is known, the action is not repeated.',
      }),
      when: Type.Union([Type.Literal('now'), Type.Literal('later'), Type.Literal('done')], {
        description:
          '`now`: in the next round. `later`: in a later round, because a round has few actions. `done`: a task for it is open, or was created within the last hour. Objects that such a task warms are not listed.',
      }),
      cause: Type.String({ description: 'What the origin sees.' }),
      request: newTaskSchema,
    }),
    { description: 'The most urgent action first. Empty when there is nothing to do.' },
  ),
  more: Type.Integer({ minimum: 0, description: 'How many further actions are left out.' }),
});
export type ActionPlan = Static<typeof actionPlanSchema>;

/** The filter of GET /v1/tasks. `open` stands for the states that are not final. */
export const taskFilterSchema = Type.Object({
  state: Type.Optional(
    Type.Union([
      Type.Literal('open'),
      Type.Literal('done'),
      Type.Literal('failed'),
      Type.Literal('cancelled'),
      Type.Literal('expired'),
    ]),
  ),
  kind: Type.Optional(Type.String({ pattern: KIND_PATTERN })),
});
export type TaskListFilter = Static<typeof taskFilterSchema>;

/** GET /v1/tasks, newest first */
export const taskListSchema = Type.Object({
  tasks: Type.Array(taskStatusSchema),
  next: Type.Union([Type.Integer(), Type.Null()], {
    description: 'The number to continue below (`?before=`); null after the last.',
  }),
});
export type TaskList = Static<typeof taskListSchema>;
