import type { Clock } from '../../shared/clock.ts';
import { schema } from '../../shared/json/schema.ts';
import {
  type MigrationStatus,
  migrationSchema,
  type StoreStatus,
  storeStatusSchema,
} from '../../shared/wire/store-api.ts';
import type { ApiClient } from './api-client.ts';

const POLL_MS = 500;
const answer = schema(storeStatusSchema);
const migration = schema(migrationSchema);

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

export function migrationStatus(client: ApiClient): Promise<MigrationStatus> {
  return client.ask('GET', '/v1/store/migration', migration);
}

/** Begins to move the objects, or joins the move that is under way. */
export function beginMigration(client: ApiClient, to: string): Promise<MigrationStatus> {
  return client.ask('POST', '/v1/store/migration', migration, { to });
}

/** Forgets the second store, and leaves its objects there. */
export function forgetStore(client: ApiClient): Promise<MigrationStatus> {
  return client.ask('POST', '/v1/store/forget', migration);
}

/** Cancels the move, or deletes the earlier store. Resolves when the objects are being deleted. */
export function dropStore(client: ApiClient, which: 'target' | 'kept'): Promise<MigrationStatus> {
  return client.ask('DELETE', `/v1/store/${which === 'target' ? 'migration' : 'kept'}`, migration);
}

/** Resolves when nothing is moved or deleted any more. `look` gets each status. */
export async function migrationEnd(
  client: ApiClient,
  look: (status: MigrationStatus) => void,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<MigrationStatus> {
  for (;;) {
    const status = await migrationStatus(client);
    look(status);
    if (status.other === null || status.other.role === 'kept') return status;
    await clock.sleep(POLL_MS, signal);
  }
}
