/** The conditions of S3 for a change. The values are those of the headers. */
export interface BucketCondition {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

export type ConditionOutcome = 'done' | 'failed' | 'missing';

/** Judges a condition for the present object. Undefined for no object. */
export function judgeCondition(
  { ifMatch, ifNoneMatch }: BucketCondition,
  etag: string | undefined,
): ConditionOutcome {
  if (ifMatch !== undefined) {
    if (etag === undefined) return 'missing';
    if (!namesEtag(ifMatch, etag)) return 'failed';
  }
  return ifNoneMatch !== undefined && etag !== undefined && namesEtag(ifNoneMatch, etag) ? 'failed' : 'done';
}

/** Whether a list of entity tags, with or without quotes as S3 accepts them, names this one. `*` names any. */
function namesEtag(list: string, etag: string): boolean {
  return list.split(',').some((item) => {
    const tag = item.trim();
    return tag === '*' || tag.replace(/^"(.*)"$/, '$1') === etag;
  });
}
