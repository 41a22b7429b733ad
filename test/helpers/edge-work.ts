import type { AskableWork, Asking } from '../../edge/work/work.ts';
import { schema } from '../../shared/json/schema.ts';
import { type VerifyResult, verifyKind } from '../../shared/work/verify.ts';

const verifyResult = schema(verifyKind.result);
const asking: Asking = { by: { kind: 'admin-port' }, signal: new AbortController().signal };

/** Makes an edge verify itself, and returns the result. */
export async function verified(work: AskableWork, repair: boolean): Promise<VerifyResult> {
  return verifyResult.parse(await work.ask('verify', { repair }, asking));
}

export async function pruned(work: AskableWork | undefined): Promise<void> {
  await work?.ask('prune', {}, asking);
}
