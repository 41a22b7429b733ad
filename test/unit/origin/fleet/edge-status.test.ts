import t from 'tap';
import type { SiteRow } from '../../../../origin/catalog/site-calls.ts';
import { grantLease, joined } from '../../../../origin/fleet/edge-record.ts';
import { EdgeStatuses, type StatusReads } from '../../../../origin/fleet/edge-status.ts';
import { SHORTEST_TERMS } from '../../../../origin/publish/lease.ts';
import { systemClock } from '../../../../shared/clock.ts';
import type { EdgeReport } from '../../../../shared/wire/protocol.ts';
import { edgeReport } from '../../../helpers/edge-report.ts';

const SITE = { id: 1, name: 's', revision: 5 } as SiteRow;
const BETWEEN = 700;

const catalog: Pick<StatusReads, 'sites' | 'head' | 'behind' | 'diffBytes'> = {
  sites: async () => [SITE],
  head: async () => ({ seq: 9 }) as Awaited<ReturnType<StatusReads['head']>>,
  behind: async () => ({ revisions: 2, since: 0 }),
  diffBytes: async () => BETWEEN,
};

/** The lag of an edge that reports this of its site. */
async function lagOf(
  site: Partial<EdgeReport['sites'][number]>,
  { storage = 'full', isOnline = true }: { storage?: 'full' | 'lazy'; isOnline?: boolean } = {},
) {
  const { limits } = edgeReport();
  const reported = { site: 1, revision: 3, target: 5, prepared: 0, pendingBytes: 0, error: null, ...site };
  const edge = joined({
    ...{ name: 'a', region: 'r', lat: null, lon: null, publicKey: 'k' },
    ...{
      replaces: null,
      revoked: false,
      paused: false,
      drained: false,
      labels: [],
      mayRead: null,
      lastSeen: null,
    },
    report: edgeReport({ limits: { ...limits, storage }, sites: [reported] }),
  });
  if (isOnline) grantLease(edge, systemClock.monotonic(), SHORTEST_TERMS);
  const [status] = await new EdgeStatuses(catalog as StatusReads, systemClock).of([edge]);
  return status?.sites.s?.lag;
}

t.test('how many bytes an edge still has to fetch', async (t) => {
  t.match(await lagOf({ revision: 5 }), { revisions: 0, bytes: 0 }, 'none when it shows what is live');
  t.match(await lagOf({ pendingBytes: 40 }), { revisions: 2, bytes: 40 }, 'what it reports while it fetches');
  t.match(await lagOf({ pendingBytes: 0 }), { bytes: BETWEEN }, 'the diff before it has begun');
  t.match(
    await lagOf({ target: 4, pendingBytes: 40 }),
    { bytes: BETWEEN },
    'the diff while it fetches another',
  );
  t.match(
    await lagOf({ pendingBytes: 40 }, { isOnline: false }),
    { bytes: BETWEEN },
    'the diff while it is away',
  );
  t.match(await lagOf({}, { storage: 'lazy' }), { bytes: 0 }, 'none on a lazy edge, whose readers decide');
});
