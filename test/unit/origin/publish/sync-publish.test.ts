import t from 'tap';
import { Deadline } from '../../../../origin/publish/deadline.ts';
import type { EdgeSyncStatus, SyncEdges } from '../../../../origin/publish/sync-edges.ts';
import { publishInSync } from '../../../../origin/publish/sync-publish.ts';
import { Wakeup } from '../../../../shared/concurrency/wakeup.ts';

/** Publishes with a time-out of 10 seconds to a site that refuses to be served without a lease, on a clock that stands. */
async function publish(statuses: Record<string, EdgeSyncStatus>, participants: readonly string[]) {
  const clock = { now: () => 0, monotonic: () => 0, sleep: async () => {} };
  let isActivated = false;
  const edges = {
    changed: new Wakeup(),
    current: async () => {},
    participants: () => [...participants],
    servers: () => Object.keys(statuses),
    requireRevision: async () => null,
    syncStatus: (name: string) => ({ ...statuses[name], visible: isActivated }),
  } as unknown as SyncEdges;
  const catalog = {
    activate: async () => {
      isActivated = true;
      return { seq: 7 };
    },
    abort: async () => {},
    noteOutcome: async () => {},
    receipts: async () => [],
  };
  const policy = { sync: { require: 'all', timeout: 10, onFailure: 'abort', withoutLease: 'refuse' } };
  const deadline = new Deadline(clock, 10_000, () => new Error('too late') as never);
  const stopping = new AbortController().signal;
  try {
    return await publishInSync(
      { catalog, clock, edges, stopping } as unknown as Parameters<typeof publishInSync>[0],
      { site: { id: 1, name: 's', policy }, revision: 2, deploy: null, deadline } as unknown as Parameters<
        typeof publishInSync
      >[1],
    );
  } finally {
    deadline.disarm();
  }
}

const ready: EdgeSyncStatus = { prepared: true, visible: false, leaseLeft: 6500, servingLeft: 6500 };

t.test('a publish is live when its edges show it in time', async (t) => {
  t.match(await publish({ oslo: ready }, ['oslo']), { outcome: 'live' });
});

t.test(
  'a publish that could not wait for the end of a long lease is aborted before its commit point',
  async (t) => {
    const long = { ...ready, servingLeft: 14_000 };
    await t.rejects(publish({ oslo: { ...long, prepared: false } }, ['oslo']), { code: 'sync-aborted' });
    const drained = { prepared: false, visible: false, leaseLeft: 0, servingLeft: 14_000 };
    await t.rejects(
      publish({ oslo: { ...ready, prepared: false }, drained }, ['oslo']),
      { code: 'sync-aborted' },
      'also when the edge has no part in the publish',
    );
  },
);
