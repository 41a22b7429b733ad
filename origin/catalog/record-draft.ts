import type { Digest } from '../../shared/content/digest.ts';
import type { Payload, RecordKind } from '../../shared/log/record-kinds.ts';

/** What a record says, before the log gives it its place. */
export interface RecordDraft<K extends RecordKind = RecordKind> {
  readonly kind: K;
  readonly critical: boolean;
  readonly site: number;
  readonly revision: number;
  readonly root: Digest | null;
  readonly payload: Payload<K>;
}

/** A record of a kind that concerns no revision. */
export function plainDraft<K extends RecordKind>(kind: K, site: number, payload: Payload<K>): RecordDraft<K> {
  return { kind, critical: true, site, revision: 0, root: null, payload };
}
