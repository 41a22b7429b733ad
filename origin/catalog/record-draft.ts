import type { Digest } from '../../shared/content/digest.ts';
import type { Payload, RecordKind } from '../../shared/log/record-kinds.ts';

/** What a record says, before the log gives it its place. */
export interface RecordDraft<K extends RecordKind = RecordKind> {
  readonly kind: K;
  readonly site: number;
  readonly revision: number;
  readonly root: Digest | null;
  readonly payload: Payload<K>;
}

/** Who does not know a critical kind stops at its record. Of the others he goes on serving: they change no revision. */
export const IS_CRITICAL: { readonly [K in RecordKind]: boolean } = {
  key: true,
  settings: true,
  member: true,
  revision: true,
  activate: true,
  abort: true,
  checkpoint: true,
  outcome: false,
  purge: false,
};

/** A record of a kind that concerns no revision. */
export function plainDraft<K extends RecordKind>(kind: K, site: number, payload: Payload<K>): RecordDraft<K> {
  return { kind, site, revision: 0, root: null, payload };
}
