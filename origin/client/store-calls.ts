import type { Clock } from '../../shared/clock.ts';
import { schema } from '../../shared/json/schema.ts';
import { type StoreStatus, storeStatusSchema } from '../../shared/wire/store-api.ts';
import type { ApiClient } from './api-client.ts';

const POLL_MS = 500;
const answer = schema(storeStatusSchema);

/** Makes the origin verify its store, and resolves when the pass has ended. */
export async function verifyStore(
  client: ApiClient,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<StoreStatus> {
  const { pass: begun } = await client.ask('POST', '/v1/store/verify', answer);
  for (;;) {
    const status = await client.ask('GET', '/v1/store', answer);
    // A later pass that another caller requested reads everything, too, so its end counts as well.
    if (status.pass !== null && status.pass.ended !== null && status.pass.number >= (begun?.number ?? 0))
      return status;
    await clock.sleep(POLL_MS, signal);
  }
}
