import { type Static, Type } from 'typebox';
import { NAME_PATTERN } from './name-pattern.ts';
import { nameSchema } from './names.ts';

const closed = { additionalProperties: false } as const;
const region = Type.String({ minLength: 1, maxLength: 63 });

/** The most steps of a policy, and the most edges, labels or regions that a step names. */
const MOST_STEPS = 20;
const MOST_NAMED = 50;

const rolloutStepSchema = Type.Object(
  {
    edges: Type.Optional(Type.Array(nameSchema, { minItems: 1, maxItems: MOST_NAMED })),
    labels: Type.Optional(Type.Array(nameSchema, { minItems: 1, maxItems: MOST_NAMED })),
    regions: Type.Optional(Type.Array(region, { minItems: 1, maxItems: MOST_NAMED })),
    count: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_000,
        description: 'So many edges, with those of earlier steps.',
      }),
    ),
    share: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 1,
        description: 'This share of the edges, with those of earlier steps.',
      }),
    ),
    each: Type.Optional(Type.Literal('region', { description: 'One step for each region, by name.' })),
    dwell: Type.Number({
      minimum: 1,
      maximum: 604_800,
      description: 'How many seconds the revision is judged at these edges before the next step.',
    }),
  },
  closed,
);
export type RolloutStep = Static<typeof rolloutStepSchema>;

const guardsSchema = Type.Object(
  {
    requests: Type.Integer({
      minimum: 0,
      maximum: 1_000_000,
      description: 'An edge with fewer answers under the new revision gives no evidence.',
    }),
    lost: Type.Number({
      minimum: 0,
      maximum: 1,
      description:
        'The share of answers that may be errors under the new revision alone, for example because a page was removed.',
    }),
    // Printable ASCII that JSON escapes nowhere, so that a checkpoint has room for all of them.
    paths: Type.Array(Type.String({ pattern: '^/[!#-\\[\\]-~]*$', maxLength: 256 }), {
      maxItems: 20,
      description: 'Paths that must answer with the right bytes when an edge asks itself, as a reader does.',
    }),
    latency: Type.Optional(
      Type.Union([Type.Literal(2), Type.Literal(4), Type.Literal(8), Type.Literal(16)], {
        description:
          'An edge is bad when its answers take more than so many times as long as before, much more often than those of the other edges. Absent: the time of answers is not judged.',
      }),
    ),
    traffic: Type.Optional(
      Type.Boolean({
        description:
          'Whether an edge is bad when its readers have gone: no request for a time that the minutes before make all but impossible.',
      }),
    ),
    webhook: Type.Optional(
      Type.String({
        pattern: NAME_PATTERN,
        description:
          'The name of a webhook of this origin that is asked before each step. It may veto. When it does not answer, `without` says what follows.',
      }),
    ),
  },
  closed,
);

/** How a revision reaches the edges in steps, and how it is judged. After the last step, all edges show it. */
export const rolloutPolicySchema = Type.Object(
  {
    steps: Type.Array(rolloutStepSchema, { minItems: 1, maxItems: MOST_STEPS }),
    guards: guardsSchema,
    without: Type.Union([Type.Literal('wait'), Type.Literal('go-on'), Type.Literal('take-back')], {
      description: 'What follows when the time of a step is over and its edges gave no evidence.',
    }),
  },
  closed,
);
export type RolloutPolicy = Static<typeof rolloutPolicySchema>;

/** A policy by the name of a ready one, or in full. */
export const rolloutChoiceSchema = Type.Union([
  Type.Literal('canary'),
  Type.Literal('regions'),
  rolloutPolicySchema,
]);
export type RolloutChoice = Static<typeof rolloutChoiceSchema>;
