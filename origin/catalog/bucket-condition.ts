import { isDeepStrictEqual } from 'node:util';
import type { BucketObject } from './bucket-object.ts';

/** The conditions of S3 for a change. The values are those of the headers. */
export interface BucketCondition {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifSize?: number | undefined;
  /** In milliseconds since 1970. S3 clients see times in whole seconds. */
  readonly ifTime?: number | undefined;
  /** The object must be this one in all that is stored of it. An entity tag does not cover headers and tags. */
  readonly ifObject?: BucketObject | undefined;
}

export type ConditionOutcome = 'done' | 'failed' | 'missing';
/** `full`: the site would exceed its quota with the change, those that are held, and the parts of open uploads. */
export type ChangeOutcome = ConditionOutcome | 'full';

/** Judges a condition for the present object. Undefined for no object. */
export function judgeCondition(
  { ifMatch, ifNoneMatch, ifSize, ifTime, ifObject }: BucketCondition,
  present: BucketObject | undefined,
): ConditionOutcome {
  const needsObject = [ifMatch, ifSize, ifTime, ifObject].some((condition) => condition !== undefined);
  if (present === undefined) return needsObject ? 'missing' : 'done';
  const { etag, size, time } = present;
  const isMet =
    (ifMatch === undefined || namesEtag(ifMatch, etag)) &&
    (ifNoneMatch === undefined || !namesEtag(ifNoneMatch, etag)) &&
    (ifSize === undefined || ifSize === size) &&
    (ifTime === undefined || inSeconds(ifTime) === inSeconds(time)) &&
    (ifObject === undefined || isDeepStrictEqual(ifObject, present));
  return isMet ? 'done' : 'failed';
}

const inSeconds = (time: number) => Math.floor(time / 1000);

/** Whether a list of entity tags, with or without quotes as S3 accepts them, names this one. `*` names any. */
function namesEtag(list: string, etag: string): boolean {
  return list.split(',').some((item) => {
    const tag = item.trim();
    return tag === '*' || tag.replace(/^"(.*)"$/, '$1') === etag;
  });
}
