import { Type } from 'typebox';
import { type Schema, schema } from '../json/schema.ts';
import { mayReadSchema } from '../site/names.ts';
import { purgeTargetSchema } from '../site/purge.ts';
import { modeSchema, sitePolicySchema } from '../site/site-policy.ts';

/**
 * The payloads of the record kinds that this version writes. Readers ignore fields that they do not know, so
 * that later versions can add some; a kind that must not be passed over is marked critical in its record.
 */
const key = Type.Object({
  /** The signing key that this and the following records are signed with, base64url. */
  publicKey: Type.String(),
  recoveryKey: Type.String(),
  /** The recovery key's signature over the certificate text of shared/log/certificate.ts. */
  certificate: Type.String(),
});

const settings = Type.Object({
  name: Type.String(),
  /** Further host names, lower case; `<name>.localhost` always works. */
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
  /** It goes on following the log and serving, and fetches nothing. */
  paused: Type.Optional(Type.Boolean()),
  /** The names of the sites whose content a feed gives it; absent: all. */
  mayRead: Type.Optional(mayReadSchema),
});

const revision = Type.Object({
  /** The revision that this change set was made against; 0 for none. */
  base: Type.Integer(),
  files: Type.Integer(),
  bytes: Type.Integer(),
  message: Type.String(),
  /** The revision whose state a rollback restores, or null. */
  restores: Type.Union([Type.Integer(), Type.Null()]),
  /** `sync`: edges prepare it now, and show it when it is activated. */
  mode: modeSchema,
});

const activate = Type.Object({
  mode: modeSchema,
  /** Of a batch: true when the window was opened by hand. */
  now: Type.Optional(Type.Boolean()),
  /** Of a sync publish that failed and was turned into an async one: why. */
  degraded: Type.Optional(Type.String()),
});

/** A prepared revision will never be live. */
const abort = Type.Object({ reason: Type.String() });

/** How a sync publish ended, edge by edge. Not critical: it changes nothing. */
const outcome = Type.Object({
  visible: Type.Array(Type.String()),
  unconfirmed: Type.Array(Type.String()),
});

/** Edges let go of what they keep of these paths; `revision` of the record: older ones answer for them no more. */
const purge = purgeTargetSchema;

/** All that the records before it have come to, so that they can be pruned and a new edge can start here. */
const checkpoint = Type.Object({
  key,
  sites: Type.Array(
    Type.Object({
      id: Type.Integer(),
      name: Type.String(),
      domains: Type.Array(Type.String()),
      /** Absent: the defaults, so that many sites fit. */
      policy: Type.Optional(sitePolicySchema),
      /** What is live, and the record that made it so; 0, null and 0 before the first publish. */
      revision: Type.Integer(),
      root: Type.Union([Type.String(), Type.Null()]),
      seq: Type.Integer(),
      files: Type.Integer(),
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
  outcome: schema(outcome),
  purge: schema(purge),
  checkpoint: schema(checkpoint),
} satisfies Record<string, Schema<unknown>>;

export type RecordKind = keyof typeof payloads;
export type Payload<K extends RecordKind> = (typeof payloads)[K] extends Schema<infer P> ? P : never;

export function isKnownKind(kind: string): kind is RecordKind {
  return Object.hasOwn(payloads, kind);
}
