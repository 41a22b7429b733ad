import type { Digest } from '../../shared/content/digest.ts';
import type { Payload, RecordKind } from '../../shared/log/record-kinds.ts';

/** The content of a record, before it has a place in the log. */
export interface RecordDraft<K extends RecordKind = RecordKind> {
  readonly kind: K;
  readonly site: number;
  readonly revision: number;
  readonly root: Digest | null;
  readonly payload: Payload<K>;
}

/** An edge stops at a record of a critical kind that it does not know. It ignores others, which change no revision. */
export const IS_CRITICAL: { readonly [K in RecordKind]: boolean } = {
  key: true,
  settings: true,
  member: true,
  revision: true,
  activate: true,
  abort: true,
  rollout: true,
  checkpoint: true,
  alias: false,
  outcome: false,
  purge: false,
};

/** A record of a kind that concerns no revision. */
export function plainDraft<K extends RecordKind>(kind: K, site: number, payload: Payload<K>): RecordDraft<K> {
  return { kind, site, revision: 0, root: null, payload };
}
