import { type Static, Type } from 'typebox';
import { rolloutPolicySchema } from '../site/rollout-policy.ts';

/** The longest path and Referer that evidence names, and the most differences that an edge reports. */
export const MOST_EVIDENCE_TEXT = 200;
export const MOST_WORST = 10;

const count = Type.Integer({ minimum: 0 });
const text = Type.String({ maxLength: MOST_EVIDENCE_TEXT });

/** Errors under the new revision at one path. */
const differenceSchema = Type.Object({
  path: text,
  status: Type.Integer({ description: 'The status under the new revision.' }),
  before: Type.Integer({ description: 'The status that the same request gets under the base.' }),
  count,
  referer: Type.Union([text, Type.Null()], { description: 'The page of the site that asked for it.' }),
});
export type Difference = Static<typeof differenceSchema>;

/** Answers to readers under one revision. */
const answers = {
  requests: count,
  broken: Type.Integer({
    minimum: 0,
    description:
      'Answers 404 and 410 to requests that name a page of the site as Referer, and that are not in `lost`.',
  }),
  errors: Type.Integer({ minimum: 0, description: 'Answers 5xx that are not in `lost`.' }),
};

/** Edges look at their answers in slots of so many seconds. */
export const SLOT_SECONDS = 5;
/** How many times slower than before answers may become. A policy chooses one of these. */
export const SLOWER = [2, 4, 8, 16] as const;

const slots = (description: string) => Type.Object({ slots: count, of: count }, { description });

const speedSchema = Type.Object(
  {
    slots: Type.Integer({ minimum: 0, description: 'Slots with at least ten answers.' }),
    slower: Type.Array(count, {
      minItems: SLOWER.length,
      maxItems: SLOWER.length,
      description: `Those of them whose median took more than ${SLOWER.join(', ')} times as long as before, and more than 25 ms.`,
    }),
  },
  { description: `How quick the answers were, in slots of ${SLOT_SECONDS} seconds.` },
);
export type Speed = Static<typeof speedSchema>;

/** How an edge answers that shows the base of a rollout, as it reports it. */
export const besideSchema = Type.Object({
  site: Type.Integer(),
  revision: Type.Integer({ description: 'The revision that other edges show on trial.' }),
  speed: speedSchema,
});
export type Beside = Static<typeof besideSchema>;

/** What readers of one edge met under a revision on trial, as the edge reports it. */
export const trialSchema = Type.Object({
  site: Type.Integer(),
  revision: Type.Integer(),
  ...answers,
  lost: Type.Integer({
    minimum: 0,
    description:
      'Errors that readers of the base do not meet: the same request gets none there, or only a page of the new revision links to what is missing.',
  }),
  rehearsal: Type.Object(
    { requests: count, lost: count },
    {
      description:
        'The last requests of readers before the switch, decided again under the revision: all, and those that would get an error now.',
    },
  ),
  deaths: Type.Integer({ minimum: 0, description: 'Serving processes that ended by themselves meanwhile.' }),
  checks: Type.Object({ asked: count, failed: count }, { description: 'The paths that must answer.' }),
  speed: speedSchema,
  silence: slots('The slots since the last request of a reader, and all since the revision is shown.'),
  busy: slots('The slots with answers in the five to ten minutes before that, and all of them.'),
  past: Type.Object(answers, { description: 'The same counts of this edge under the base.' }),
  worst: Type.Array(differenceSchema, { maxItems: MOST_WORST }),
});
export type Trial = Static<typeof trialSchema>;

const edgeEvidenceSchema = Type.Object({
  edge: Type.String(),
  verdict: Type.Union([Type.Literal('good'), Type.Literal('bad'), Type.Literal('none')]),
  why: Type.String(),
  trial: Type.Union([trialSchema, Type.Null()]),
});
export type EdgeEvidence = Static<typeof edgeEvidenceSchema>;

const rolloutEvidenceSchema = Type.Object({
  edges: Type.Array(edgeEvidenceSchema),
  worst: Type.Array(Type.Object({ edge: Type.String(), ...differenceSchema.properties }), {
    description: 'The worst differences of all edges, the worst first.',
  }),
});
export type RolloutEvidence = Static<typeof rolloutEvidenceSchema>;

const rolloutStateSchema = Type.Union([
  Type.Literal('running'),
  Type.Literal('paused'),
  Type.Literal('done'),
  Type.Literal('failed'),
  Type.Literal('aborted'),
]);
export type RolloutState = Static<typeof rolloutStateSchema>;

/** GET /v1/sites/:site/rollout */
export const rolloutSchema = Type.Object({
  site: Type.String(),
  revision: Type.Integer(),
  base: Type.Integer({ description: 'The revision that is live meanwhile.' }),
  seq: Type.Integer({ description: 'The record of the last step, or of the end.' }),
  state: rolloutStateSchema,
  reason: Type.String({ description: 'Why it is paused or has ended.' }),
  step: Type.Integer({ description: 'The last step; 0 while edges only take the revision in.' }),
  edges: Type.Array(Type.String(), { description: 'The edges that show the revision.' }),
  message: Type.String(),
  began: Type.Integer(),
  stepped: Type.Integer({ description: 'When the last step began.' }),
  ended: Type.Union([Type.Integer(), Type.Null()]),
  policy: rolloutPolicySchema,
  evidence: rolloutEvidenceSchema,
});
export type Rollout = Static<typeof rolloutSchema>;

/** POST /v1/sites/:site/rollout */
export const rolloutRequestSchema = Type.Object(
  {
    act: Type.Union(
      [Type.Literal('pause'), Type.Literal('resume'), Type.Literal('finish'), Type.Literal('abort')],
      {
        description:
          '`pause` keeps the edges as they are, `resume` goes on, `finish` makes the revision live everywhere now, `abort` takes it back.',
      },
    ),
  },
  { additionalProperties: false },
);
export type RolloutAct = Static<typeof rolloutRequestSchema>['act'];
