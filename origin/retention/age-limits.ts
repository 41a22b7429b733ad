import type { AgeLimits } from '../catalog/retention-calls.ts';

const DAY_MS = 86_400_000;
/** A deploy is committed within this time, or its objects may go; its answer is remembered for longer. */
const DEPLOY_MS = DAY_MS;
const ANSWER_MS = 7 * DAY_MS;
/** An upload belongs to a publish within this time, or it may go. */
const UPLOAD_MS = 3_600_000;

export function ageLimitsAt(time: number): AgeLimits {
  return {
    uploadedBefore: time - UPLOAD_MS,
    openedBefore: time - DEPLOY_MS,
    answeredBefore: time - ANSWER_MS,
  };
}
