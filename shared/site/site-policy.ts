import { type Static, Type } from 'typebox';
import { SkerryError } from '../errors.ts';
import { checkRollout } from './chosen-rollout.ts';
import { NO_QUOTA, quotaSchema } from './quota.ts';
import { rolloutChoiceSchema } from './rollout-policy.ts';
import { pathPattern } from './rules/path-pattern.ts';
import { checkSchedule, scheduleSchema } from './schedule.ts';
import { ACCESS_KEY_PATTERN } from './signed-url.ts';

/** The mode decides when edges switch to a revision. docs/operations.md explains the modes. */
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
      description: 'How many seconds a publish may take, from the request to its answer.',
    }),
    onFailure: Type.Union([Type.Literal('abort'), Type.Literal('degrade')]),
    withoutLease: Type.Union([Type.Literal('serve'), Type.Literal('refuse')], {
      description: 'What an edge does after it has lost its origin: it serves what it has, or answers 503.',
    }),
  },
  closed,
);

const batchSchema = Type.Object(
  {
    window: scheduleSchema,
    rate: Type.Union([Type.Integer({ minimum: 1024 }), Type.Null()], {
      description: 'How many bytes per second each edge may fetch in a window; null for no limit.',
    }),
  },
  closed,
);

const retentionSchema = Type.Object(
  {
    revisions: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      description: 'How many of the newest revisions are kept.',
    }),
    days: Type.Number({
      minimum: 0,
      maximum: 36_500,
      description: 'Revisions that are younger than this many days are kept too.',
    }),
  },
  closed,
);

const formerAssetsSchema = Type.Object(
  {
    hours: Type.Number({
      minimum: 0,
      maximum: 8760,
      description: 'How many hours edges serve assets that the active revision no longer has; 0 for none.',
    }),
    paths: Type.Union([Type.Array(Type.String({ maxLength: 1024 }), { maxItems: 100 }), Type.Null()], {
      description: 'Which paths are assets, as patterns of _headers; null for names with a fingerprint.',
    }),
  },
  closed,
);

const privateSchema = Type.Union(
  [
    Type.Object(
      {
        keys: Type.Array(Type.String({ pattern: ACCESS_KEY_PATTERN }), {
          minItems: 1,
          maxItems: 2,
          description:
            'Public keys, as `skerry sign --new-key` prints them; two while one replaces the other.',
        }),
        paths: Type.Array(Type.String({ maxLength: 1024 }), { minItems: 1, maxItems: 100 }),
      },
      closed,
    ),
    Type.Null(),
  ],
  {
    description:
      'Which paths need a signed URL, as patterns of _headers, and the keys that may sign; null for none.',
  },
);

const pinnedSchema = Type.Array(Type.String({ maxLength: 1024 }), {
  maxItems: 100,
  description: 'Which paths lazy edges always hold, as patterns of _headers.',
});

const previewsSchema = Type.Object(
  {
    domain: Type.Union([Type.String({ maxLength: 253 }), Type.Null()], {
      description: 'Aliases answer at ALIAS.DOMAIN; null for no such domain.',
    }),
    under: Type.Array(Type.String({ maxLength: 253 }), {
      maxItems: 20,
      description:
        'Domains of the site at which aliases answer as ALIAS--DOMAIN. Each has a part before its registrable domain.',
    }),
    private: Type.Boolean({
      description: 'Whether aliases need a signed URL for every path. The site needs keys in `private`.',
    }),
  },
  closed,
);

const bucketSchema = Type.Object(
  {
    quiet: Type.Number({
      minimum: 0,
      maximum: 3600,
      description: 'S3 clients: a revision is made when the bucket has been quiet for this many seconds.',
    }),
    hold: Type.Number({
      minimum: 0,
      maximum: 86_400,
      description: 'S3 clients: a revision is made after this many seconds at the latest.',
    }),
  },
  closed,
);

const rolloutDefaultSchema = Type.Union([rolloutChoiceSchema, Type.Null()], {
  description: 'How deploys reach the edges, unless they say otherwise; null for all edges at once.',
});

/**
 * How a site is replicated, which of its old revisions are kept and which of its old assets are served, which paths are
 * private, where its aliases answer, how large it may become, when changes of S3 clients become a revision, and in which
 * steps its deploys reach the edges.
 */
export const sitePolicySchema = Type.Object({
  mode: modeSchema,
  sync: syncSchema,
  batch: batchSchema,
  retention: retentionSchema,
  formerAssets: formerAssetsSchema,
  private: privateSchema,
  pinned: pinnedSchema,
  previews: previewsSchema,
  quota: quotaSchema,
  bucket: bucketSchema,
  rollout: rolloutDefaultSchema,
});
export type SitePolicy = Static<typeof sitePolicySchema>;

/** A change of a policy. Each given part replaces the part with the same name. */
export const policyChangeSchema = Type.Object(
  {
    mode: Type.Optional(modeSchema),
    sync: Type.Optional(Type.Partial(syncSchema, closed)),
    batch: Type.Optional(Type.Partial(batchSchema, closed)),
    retention: Type.Optional(Type.Partial(retentionSchema, closed)),
    formerAssets: Type.Optional(Type.Partial(formerAssetsSchema, closed)),
    private: Type.Optional(privateSchema),
    pinned: Type.Optional(pinnedSchema),
    previews: Type.Optional(Type.Partial(previewsSchema, closed)),
    quota: Type.Optional(Type.Partial(quotaSchema, closed)),
    bucket: Type.Optional(Type.Partial(bucketSchema, closed)),
    rollout: Type.Optional(rolloutDefaultSchema),
  },
  closed,
);
export type PolicyChange = Static<typeof policyChangeSchema>;

export const DEFAULT_POLICY: SitePolicy = {
  mode: 'async',
  sync: { require: 'all', timeout: 30, onFailure: 'abort', withoutLease: 'serve' },
  batch: { window: { cron: '0 3 * * *', timezone: 'UTC', minutes: 120 }, rate: null },
  retention: { revisions: 10, days: 7 },
  formerAssets: { hours: 24, paths: null },
  private: null,
  pinned: [],
  previews: { domain: null, under: [], private: false },
  quota: NO_QUOTA,
  bucket: { quiet: 2, hold: 300 },
  rollout: null,
};

function checkPatterns(field: string, paths: readonly string[]): void {
  for (const path of paths) {
    const pattern = pathPattern(path);
    if ('fault' in pattern) throw new SkerryError('bad-policy', `${field}: ${pattern.fault}`);
  }
}

/** The minimum time-out in seconds for `refuse`. Leases that are not renewed must end within the time-out. */
const REFUSING_TIMEOUT = 10;

/** The policy after the change. Throws `bad-schedule` and `bad-policy`. */
export function changedPolicy(policy: SitePolicy, change: PolicyChange): SitePolicy {
  const changed = {
    mode: change.mode ?? policy.mode,
    sync: { ...policy.sync, ...change.sync },
    batch: { ...policy.batch, ...change.batch },
    retention: { ...policy.retention, ...change.retention },
    formerAssets: { ...policy.formerAssets, ...change.formerAssets },
    private: change.private === undefined ? policy.private : change.private,
    pinned: change.pinned ?? policy.pinned,
    previews: { ...policy.previews, ...change.previews },
    quota: { ...policy.quota, ...change.quota },
    bucket: { ...policy.bucket, ...change.bucket },
    rollout: change.rollout === undefined ? policy.rollout : change.rollout,
  };
  checkSchedule(changed.batch.window);
  checkPatterns('formerAssets.paths', changed.formerAssets.paths ?? []);
  checkPatterns('private.paths', changed.private?.paths ?? []);
  checkPatterns('pinned', changed.pinned);
  if (changed.rollout !== null) checkRollout(changed.rollout);
  if (changed.previews.private && changed.private === null)
    throw new SkerryError('bad-policy', 'private aliases need the keys of `private`, which may sign URLs');
  if (changed.sync.withoutLease === 'refuse' && changed.sync.timeout < REFUSING_TIMEOUT) {
    throw new SkerryError(
      'bad-policy',
      `a site that edges do not serve without a lease needs a time-out of ${REFUSING_TIMEOUT} seconds or more`,
    );
  }
  return changed;
}
