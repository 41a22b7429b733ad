import { setTimeout as pause } from 'node:timers/promises';
import type { ApiClient } from '../../../origin/client/api-client.ts';
import type { EdgeStatus } from '../../../shared/wire/api.ts';

const LOOK_MS = 1000;
/** When an edge has had no requests for this long, its readers have gone. */
const QUIET_MS = 5000;

/**
 * Drains an edge, and waits for at most `seconds` until its readers have gone elsewhere. Does nothing for an edge that
 * is offline, because it has no readers.
 */
export async function drained(
  client: ApiClient,
  edge: EdgeStatus,
  seconds: number,
  signal: AbortSignal,
): Promise<void> {
  if (!edge.online) return;
  await client.changeEdge(edge.name, 'drain');
  const end = performance.now() + seconds * 1000;
  let requests = -1;
  let quietSince = performance.now();
  while (performance.now() < end) {
    const now = (await client.edges()).find(({ name }) => name === edge.name);
    if (now === undefined || !now.online) return;
    const answered = now.use?.requests ?? 0;
    if (answered !== requests) quietSince = performance.now();
    else if (performance.now() - quietSince >= QUIET_MS && now.health.state === 'drained') return;
    requests = answered;
    await pause(LOOK_MS, undefined, { signal });
  }
}
