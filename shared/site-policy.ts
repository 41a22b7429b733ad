import { type Static, Type } from 'typebox';
import { SkerryError } from './errors.ts';
import { checkSchedule, scheduleSchema } from './schedule.ts';

/** When edges switch to a revision: see the table of modes in docs/operations.md. */
export const modeSchema = Type.Union([Type.Literal('async'), Type.Literal('sync'), Type.Literal('batch')]);
export type Mode = Static<typeof modeSchema>;

const closed = { additionalProperties: false } as const;

const syncSchema = Type.Object(
  {
    require: Type.Union([
      Type.Literal('all'),
      Type.Object({ quorum: Type.Integer({ minimum: 1, maximum: 10_000 }) }, closed),
    ]),
    timeout: Type.Number({
      minimum: 1,
      maximum: 3600,
      description: 'Seconds from the request to its answer.',
    }),
    onFailure: Type.Union([Type.Literal('abort'), Type.Literal('degrade')]),
    withoutLease: Type.Union([Type.Literal('serve'), Type.Literal('refuse')], {
      description: 'What an edge does that has lost its origin: serve what it has, or answer 503.',
    }),
  },
  closed,
);

const batchSchema = Type.Object(
  {
    window: scheduleSchema,
    rate: Type.Union([Type.Integer({ minimum: 1024 }), Type.Null()], {
      description: 'Bytes per second that one edge may fetch at, or null.',
    }),
  },
  closed,
);

const retentionSchema = Type.Object(
  {
    revisions: Type.Integer({ minimum: 1, maximum: 100_000, description: 'The newest ones that are kept.' }),
    days: Type.Number({ minimum: 0, maximum: 36_500, description: 'Younger ones are kept too.' }),
  },
  closed,
);

/** How a site is replicated, and what of its past is kept. */
export const sitePolicySchema = Type.Object({
  mode: modeSchema,
  sync: syncSchema,
  batch: batchSchema,
  retention: retentionSchema,
});
export type SitePolicy = Static<typeof sitePolicySchema>;

/** Each part that is given replaces the part of that name. */
export const policyChangeSchema = Type.Object(
  {
    mode: Type.Optional(modeSchema),
    sync: Type.Optional(Type.Partial(syncSchema, closed)),
    batch: Type.Optional(Type.Partial(batchSchema, closed)),
    retention: Type.Optional(Type.Partial(retentionSchema, closed)),
  },
  closed,
);
export type PolicyChange = Static<typeof policyChangeSchema>;

export const DEFAULT_POLICY: SitePolicy = {
  mode: 'async',
  sync: { require: 'all', timeout: 30, onFailure: 'abort', withoutLease: 'serve' },
  batch: { window: { cron: '0 3 * * *', timezone: 'UTC', minutes: 120 }, rate: null },
  retention: { revisions: 10, days: 7 },
};

/** Leases that are not renewed must end within the time-out. */
const REFUSING_TIMEOUT = 10;

/** Throws `bad-schedule` and `bad-policy`. */
export function changedPolicy(policy: SitePolicy, change: PolicyChange): SitePolicy {
  const changed = {
    mode: change.mode ?? policy.mode,
    sync: { ...policy.sync, ...change.sync },
    batch: { ...policy.batch, ...change.batch },
    retention: { ...policy.retention, ...change.retention },
  };
  checkSchedule(changed.batch.window);
  if (changed.sync.withoutLease === 'refuse' && changed.sync.timeout < REFUSING_TIMEOUT) {
    throw new SkerryError(
      'bad-policy',
      `edges that refuse without a lease need a time-out of ${REFUSING_TIMEOUT} seconds or more`,
    );
  }
  return changed;
}
