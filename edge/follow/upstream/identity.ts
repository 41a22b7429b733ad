import { Type } from 'typebox';
import { writeDurably } from '../../../shared/files/durable-file.ts';
import { schema } from '../../../shared/json/schema.ts';
import { readIfThere } from '../../../shared/signing/key-file.ts';
import type { KeyFingerprint } from '../../../shared/signing/keys.ts';
import type { MemberKey } from '../../../shared/wire/protocol.ts';

/** The identity of this edge. Its private key never leaves the data folder. */
export interface Identity {
  readonly name: string;
  readonly region: string;
  readonly origin: string;
  /** The members of the log when this edge joined. The edge needs them until it has read the log. */
  readonly members?: readonly MemberKey[];
  /** The fingerprint of the recovery key, which certifies the origin's key. */
  readonly recovery: KeyFingerprint;
}

const identity = schema(
  Type.Object({
    name: Type.String(),
    region: Type.String(),
    origin: Type.String(),
    recovery: Type.String(),
    members: Type.Optional(Type.Array(Type.Object({ name: Type.String(), publicKey: Type.String() }))),
  }),
);

/** The identity of an edge that has joined a log. Undefined for one that has not. */
export async function readIdentity(file: string): Promise<Identity | undefined> {
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  const { recovery, ...known } = identity.parseText(text, 'data-folder-damaged');
  return { ...known, recovery: recovery as KeyFingerprint };
}

export function writeIdentity(file: string, joined: Identity): Promise<void> {
  return writeDurably(file, `${JSON.stringify(joined)}\n`);
}
