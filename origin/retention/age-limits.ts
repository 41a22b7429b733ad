import type { AgeLimits } from '../catalog/retention-calls.ts';

const DAY_MS = 86_400_000;
/** A deploy must be committed within this time; later its objects may be removed. Its response is kept for longer. */
const DEPLOY_MS = DAY_MS;
const ANSWER_MS = 7 * DAY_MS;
/** An uploaded object must become part of a publish within this time; later it may be removed. */
const UPLOAD_MS = 3_600_000;

export function ageLimitsAt(time: number): AgeLimits {
  return {
    uploadedBefore: time - UPLOAD_MS,
    openedBefore: time - DEPLOY_MS,
    answeredBefore: time - ANSWER_MS,
  };
}
