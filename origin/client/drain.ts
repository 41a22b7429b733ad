import type { Clock } from '../../shared/clock.ts';
import { hasCode, SkerryError } from '../../shared/errors.ts';
import { schema } from '../../shared/json/schema.ts';
import { type EdgeStatus, edgeStatusSchema, type Status } from '../../shared/wire/api.ts';
import type { ApiClient } from './api-client.ts';

const LOOK_MS = 1000;
/** When an edge has had no requests for this long, its readers have gone. */
const QUIET_MS = 5000;

const drainedEdge = schema(edgeStatusSchema);

type WaitClock = Pick<Clock, 'monotonic' | 'sleep'>;

/**
 * Drains an edge as soon as fewer than `atMost` other edges are drained. Throws `too-many-drained` when the same edges
 * have been drained for `patienceMs`.
 */
export async function drainInTurn(
  client: Pick<ApiClient, 'ask'>,
  name: string,
  { atMost, patienceMs }: { readonly atMost: number; readonly patienceMs: number },
  clock: WaitClock,
  signal: AbortSignal,
): Promise<EdgeStatus> {
  let others: string | undefined;
  let since = clock.monotonic();
  while (true) {
    try {
      return await client.ask('POST', `/v1/edges/${name}/drain?atMost=${atMost}`, drainedEdge);
    } catch (error) {
      if (!hasCode(error, 'too-many-drained')) throw error;
      const { message } = error as SkerryError;
      if (message !== others) since = clock.monotonic();
      else if (clock.monotonic() - since >= patienceMs) throw error;
      // The message names the edges that are drained.
      others = message;
    }
    await clock.sleep(LOOK_MS, signal);
  }
}

/**
 * Waits at most `ms` until a drained edge gets no more requests. Does not wait for an edge that is offline, because it
 * has no readers.
 */
export async function untilQuiet(
  client: Pick<ApiClient, 'edges'>,
  name: string,
  ms: number,
  clock: WaitClock,
  signal: AbortSignal,
): Promise<void> {
  const end = clock.monotonic() + ms;
  let requests = -1;
  let quietSince = clock.monotonic();
  while (clock.monotonic() < end) {
    const now = (await client.edges()).find((edge) => edge.name === name);
    if (now === undefined || !now.online) return;
    const answered = now.use?.requests ?? 0;
    if (answered !== requests) quietSince = clock.monotonic();
    else if (clock.monotonic() - quietSince >= QUIET_MS && now.health.state === 'drained') return;
    requests = answered;
    await clock.sleep(LOOK_MS, signal);
  }
}

/**
 * Waits until an edge that may have been restarted reports, has all records, and shows what was live when the wait
 * began. Throws `not-caught-up` after `ms`.
 */
export async function untilCaughtUp(
  client: Pick<ApiClient, 'status'>,
  name: string,
  ms: number,
  clock: WaitClock,
  signal: AbortSignal,
): Promise<void> {
  const end = clock.monotonic() + ms;
  const first = await client.status();
  // The origin still has the report of the process that ran before the restart, so only a newer one counts.
  const old = first.edges.find((edge) => edge.name === name)?.lastSeen ?? null;
  let { edges } = first;
  while (true) {
    const edge = edges.find((one) => one.name === name);
    if (edge === undefined || edge.revoked) throw new SkerryError('no-such-edge', `there is no edge ${name}`);
    const lack = lackOf(edge, first.origin, old);
    if (lack === undefined) return;
    if (clock.monotonic() >= end) throw new SkerryError('not-caught-up', `the edge ${name} ${lack}`);
    await clock.sleep(LOOK_MS, signal);
    ({ edges } = await client.status());
  }
}

/** What an edge lacks of what the origin had, in words. Undefined when it lacks nothing. */
function lackOf(edge: EdgeStatus, origin: Status['origin'], old: number | null): string | undefined {
  if (!edge.online || edge.lastSeen === old) return 'does not report';
  if (edge.diverged !== null) return 'has records that the origin lacks';
  if (edge.position < origin.seq) return `is at record ${edge.position} of ${origin.seq}`;
  // These edges stay behind on purpose.
  if (edge.paused || edge.limits.delay > 0 || edge.limits.schedule !== null) return undefined;
  const behind = origin.sites.find(
    ({ name, revision }) => (edge.sites[name]?.revision ?? revision) < revision,
  );
  return behind && `does not show revision ${behind.revision} of ${behind.name} yet`;
}
