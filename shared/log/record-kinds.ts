import { Type } from 'typebox';
import { type Schema, schema } from '../json/schema.ts';
import { labelsSchema, mayReadSchema } from '../site/names.ts';
import { purgeTargetSchema } from '../site/purge.ts';
import { modeSchema, sitePolicySchema } from '../site/site-policy.ts';

/**
 * The payloads of the record kinds that this version writes. Readers ignore fields that they do not know, so later
 * versions can add some. A kind that readers must not ignore is marked critical in its record.
 */
const key = Type.Object({
  /** The key that signs this record and the following ones, as base64url. */
  publicKey: Type.String(),
  recoveryKey: Type.String(),
  /** The recovery key's signature over the certificate text of shared/log/certificate.ts. */
  certificate: Type.String(),
});

const settings = Type.Object({
  name: Type.String(),
  /** Further host names in lower case. `<name>.localhost` always works. */
  domains: Type.Array(Type.String()),
  deleted: Type.Boolean(),
  policy: sitePolicySchema,
});

const member = Type.Object({
  name: Type.String(),
  region: Type.String(),
  lat: Type.Union([Type.Number(), Type.Null()]),
  lon: Type.Union([Type.Number(), Type.Null()]),
  publicKey: Type.String(),
  revoked: Type.Boolean(),
  /** The key of the host that had the name before. This record revokes that key. */
  replaces: Type.Optional(Type.String()),
  /** A paused edge follows the log and serves, but fetches nothing. */
  paused: Type.Optional(Type.Boolean()),
  /** A drained edge follows the log and still answers requests, but sends its readers to other edges. */
  drained: Type.Optional(Type.Boolean()),
  /** Absent means none. */
  labels: Type.Optional(labelsSchema),
  /** The names of the sites whose content a feed gives the edge. Absent means all sites. */
  mayRead: Type.Optional(mayReadSchema),
});

const revision = Type.Object({
  /** The revision that this change set applies to, or 0 for none. */
  base: Type.Integer(),
  files: Type.Integer(),
  bytes: Type.Integer(),
  message: Type.String(),
  /** The revision whose state a rollback restores, or null. */
  restores: Type.Union([Type.Integer(), Type.Null()]),
  /** `sync`: edges prepare the revision now, and show it when it is activated. */
  mode: modeSchema,
  /** A draft is shown only under its aliases, or by a rollout. The next change does not build on it. */
  draft: Type.Optional(Type.Boolean()),
});

const activate = Type.Object({
  mode: modeSchema,
  /** For a batch: true when the window was opened by hand. */
  now: Type.Optional(Type.Boolean()),
  /** The reason why a sync publish failed and became an async one. */
  degraded: Type.Optional(Type.String()),
});

/** The prepared revision will never be live. */
const abort = Type.Object({
  reason: Type.String(),
  /** What edges that show the revision on trial show again. Absent for a revision that no edge was told to show. */
  shows: Type.Optional(Type.Object({ revision: Type.Integer(), root: Type.String() })),
});

const pointer = {
  name: Type.String(),
  files: Type.Integer(),
  /** When edges stop to answer under the alias, in milliseconds since 1970. */
  expires: Type.Integer(),
};

/**
 * The alias points to the record's revision. Revision 0 means that there is no such alias any more. The kind is not
 * critical, because it changes nothing that a site's own names show.
 */
const alias = Type.Object(pointer);

const trial = {
  /** The revision that all other edges show, and that comes back when this one is aborted. */
  base: Type.Integer(),
  /** 0 while edges only take the revision in. */
  step: Type.Integer(),
  files: Type.Integer(),
  /** Paths that these edges ask themselves for, as a reader does. */
  paths: Type.Array(Type.String()),
};

/**
 * A step of a rollout: from here on these edges show the record's revision. `activate` of the revision ends the
 * rollout, and `abort` takes the revision back.
 */
const rollout = Type.Object({
  ...trial,
  /** The names of the edges that show the record's revision. They only grow during a rollout. */
  edges: Type.Array(Type.String()),
});

/** How a sync publish ended at each edge. The kind is not critical, because such a record changes nothing. */
const outcome = Type.Object({
  visible: Type.Array(Type.String()),
  unconfirmed: Type.Array(Type.String()),
});

/**
 * Edges drop the cached data of these paths. They no longer serve the paths from revisions up to the record's
 * `revision`.
 */
const purge = purgeTargetSchema;

/** The complete state after all earlier records, so that those can be pruned and a new edge can start here. */
const checkpoint = Type.Object({
  key,
  sites: Type.Array(
    Type.Object({
      id: Type.Integer(),
      name: Type.String(),
      domains: Type.Array(Type.String()),
      /** Absent for the default policy, so that many sites fit. */
      policy: Type.Optional(sitePolicySchema),
      /**
       * The live revision, its root, and the record that made it live. Before the first publish, they are 0, null and
       * 0.
       */
      revision: Type.Integer(),
      root: Type.Union([Type.String(), Type.Null()]),
      seq: Type.Integer(),
      files: Type.Integer(),
      /** Absent means none. */
      aliases: Type.Optional(
        Type.Array(
          Type.Object({ ...pointer, revision: Type.Integer(), root: Type.String(), seq: Type.Integer() }),
        ),
      ),
      /** Absent means none. */
      rollout: Type.Optional(
        Type.Object({
          ...{ ...trial, revision: Type.Integer(), root: Type.String(), seq: Type.Integer() },
          /** The edges that show the revision, as a set of `members` (shared/log/member-set.ts). */
          edges: Type.String(),
        }),
      ),
    }),
  ),
  members: Type.Array(member),
});

export const payloads = {
  key: schema(key),
  settings: schema(settings),
  member: schema(member),
  revision: schema(revision),
  activate: schema(activate),
  abort: schema(abort),
  alias: schema(alias),
  rollout: schema(rollout),
  outcome: schema(outcome),
  purge: schema(purge),
  checkpoint: schema(checkpoint),
} satisfies Record<string, Schema<unknown>>;

export type RecordKind = keyof typeof payloads;
export type Payload<K extends RecordKind> = (typeof payloads)[K] extends Schema<infer P> ? P : never;

export function isKnownKind(kind: string): kind is RecordKind {
  return Object.hasOwn(payloads, kind);
}
