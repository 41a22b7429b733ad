import { type Static, Type } from 'typebox';
import { type Schema, schema } from './schema.ts';

/**
 * The payloads of the record kinds that this version writes. Readers ignore fields that they do not know, so
 * that later versions can add some; a kind that must not be passed over is marked critical in its record.
 */
const key = Type.Object({
  /** The signing key that this and the following records are signed with, base64url. */
  publicKey: Type.String(),
  recoveryKey: Type.String(),
  /** The recovery key's signature over the certificate text of shared/certificate.ts. */
  certificate: Type.String(),
});

const settings = Type.Object({
  name: Type.String(),
  /** Further host names, lower case; `<name>.localhost` always works. */
  domains: Type.Array(Type.String()),
  deleted: Type.Boolean(),
});

const member = Type.Object({
  name: Type.String(),
  region: Type.String(),
  lat: Type.Union([Type.Number(), Type.Null()]),
  lon: Type.Union([Type.Number(), Type.Null()]),
  publicKey: Type.String(),
  revoked: Type.Boolean(),
});

const revision = Type.Object({
  /** The revision that this change set was made against; 0 for none. */
  base: Type.Integer(),
  files: Type.Integer(),
  bytes: Type.Integer(),
  message: Type.String(),
  /** The revision whose state a rollback restores, or null. */
  restores: Type.Union([Type.Integer(), Type.Null()]),
});

const activate = Type.Object({
  mode: Type.Union([Type.Literal('async'), Type.Literal('sync'), Type.Literal('batch')]),
});

export const payloads = {
  key: schema(key),
  settings: schema(settings),
  member: schema(member),
  revision: schema(revision),
  activate: schema(activate),
} satisfies Record<string, Schema<unknown>>;

export type RecordKind = keyof typeof payloads;
export type Payload<K extends RecordKind> = K extends 'key'
  ? Static<typeof key>
  : K extends 'settings'
    ? Static<typeof settings>
    : K extends 'member'
      ? Static<typeof member>
      : K extends 'revision'
        ? Static<typeof revision>
        : Static<typeof activate>;

export function isKnownKind(kind: string): kind is RecordKind {
  return Object.hasOwn(payloads, kind);
}
