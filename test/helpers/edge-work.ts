import type { VerifyResult } from '../../edge/work/verify/verify-result.ts';
import { verifyResultSchema } from '../../edge/work/verify/verify-result.ts';
import type { WorkDoor } from '../../edge/work/work.ts';
import { schema } from '../../shared/json/schema.ts';

const verifyResult = schema(verifyResultSchema);
const never = new AbortController().signal;

/** Has an edge verify itself; what it answers is what its kind of work describes. */
export async function verified(work: WorkDoor, repair: boolean): Promise<VerifyResult> {
  return verifyResult.parse(await work.ask('verify', { repair }, never));
}

export async function pruned(work: WorkDoor | undefined): Promise<void> {
  await work?.ask('prune', {}, never);
}
