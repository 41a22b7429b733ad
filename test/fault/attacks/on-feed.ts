import { Upstream } from '../../../edge/follow/upstream/upstream.ts';
import { systemClock } from '../../../shared/clock.ts';
import { type Digest, digestOf } from '../../../shared/content/digest.ts';
import { startCluster } from '../../helpers/cluster.ts';
import type { Attack, Outcome } from './attack.ts';
import { replay, startFakeParent, startListener, stealJoin } from './credentials.ts';
import {
  floodBundles,
  floodReports,
  joinAsMember,
  type Member,
  type Met,
  poisonEncodings,
  signedReports,
} from './members.ts';
import { attackWithPurges } from './purges.ts';
import { LARGE, type Target } from './target.ts';

let joined = 0;

/** Joins as an edge, runs the attack, and leaves. */
async function asMember<T>({ cluster, origin }: Target, work: (member: Member) => Promise<T>): Promise<T> {
  const member = await joinAsMember({ url: origin.url, client: cluster.client }, `bad-${++joined}`);
  try {
    return await work(member);
  } finally {
    await member.upstream.close();
    await cluster.client.changeEdge(member.self.name, 'revoke');
  }
}

const told = (met: Met) => [...met].map(([code, count]) => `${count} × ${code}`).join(', ');
const transfer = { signal: new AbortController().signal, bandwidths: [] };

/** Checks that an honest member still gets the object whole. */
async function spoiled(target: Target, digest: Digest): Promise<string | undefined> {
  return asMember(target, async ({ upstream, self }) => {
    const body = await upstream.object(self, digest, undefined, transfer);
    const bytes = Buffer.concat(await body.toArray());
    return digestOf(bytes) === digest ? undefined : 'another member an object that is wrong';
  });
}

/** The edges that were online before and are not now. The attack takes longer than a lease, which is 6 seconds. */
async function withoutLease({ cluster, parent, child }: Target): Promise<string | undefined> {
  const edges = await cluster.client.edges();
  const gone = edges.filter(({ name, online }) => [parent.name, child.name].includes(name) && !online);
  return gone.length === 0 ? undefined : `the leases of ${gone.map(({ name }) => name).join(', ')}`;
}

async function flood(
  target: Target,
  work: (member: Member, signal: AbortSignal) => Promise<Met>,
): Promise<Outcome> {
  return asMember(target, async (member) => {
    const met = await work(member, AbortSignal.timeout(12_000));
    return { refused: told(met), gained: await withoutLease(target) };
  });
}

/** Attacks by members, parents and listeners of the feed. */
export const onFeed: readonly Attack[] = [
  {
    name: 'purges of the largest size, in a loop, while an edge joins',
    point: '2',
    async run() {
      // This attack kills and joins edges, so it gets its own cluster.
      const cluster = await startCluster({ edges: 1 });
      try {
        const { taken, refused, tooLarge, peaks, longestMs } = await attackWithPurges(cluster, {
          sites: 2,
          purges: 20,
        });
        const most = Math.round(Math.max(...Object.values(peaks)) / 1e6);
        return {
          refused: `${taken} taken, ${refused} × 429, one of 1 MB: ${tooLarge}; ${most} MB a role, another site within ${Math.round(longestMs)} ms`,
        };
      } finally {
        await cluster.close();
      }
    },
  },
  {
    name: 'a bundle whose names are the digest of an object',
    point: '4',
    run: (target) =>
      asMember(target, async (member) => {
        await poisonEncodings(member, LARGE.digest, transfer.signal).catch(() => {});
        return { refused: 'kept under a key of its own', gained: await spoiled(target, LARGE.digest) };
      }),
  },
  {
    name: 'what a fake parent was sent, at the origin and at a parent',
    point: '8',
    run: (target) =>
      asMember(target, async ({ self }) => {
        const { origin, parent } = target;
        const faults: string[] = [];
        for (const edge of [null, parent.name]) {
          const thief = await startFakeParent(edge, edge === null ? origin.url : parent.feedUrl);
          const upstream = new Upstream({ url: thief.url, isOrigin: false }, systemClock);
          const asked = [
            upstream.object(self, LARGE.digest, undefined, transfer),
            upstream.records(self, 1, transfer.signal).next(),
          ];
          await Promise.allSettled(asked);
          await upstream.close();
          const receivers = [{ what: 'the origin', url: origin.url }];
          faults.push(...(await replay(thief.requests, receivers)));
          await thief.close();
        }
        return { refused: '401', gained: faults[0] };
      }),
  },
  {
    name: 'a join that was overheard',
    point: '8',
    async run(target) {
      const { cluster, origin } = target;
      const listener = await startListener(origin.url);
      const victim = await joinAsMember({ url: listener.url, client: cluster.client }, `victim-${++joined}`);
      await victim.upstream.close();
      const faults = await stealJoin(origin.url, listener.requests);
      await listener.close();
      await cluster.client.changeEdge(victim.self.name, 'revoke');
      return { refused: '403', gained: faults[0] };
    },
  },
  {
    name: 'reports of 1,000 receipts',
    point: '9',
    run: (target) =>
      flood(target, async (member, signal) =>
        floodReports(member, await signedReports(member, { count: 49 }), { atOnce: 8, signal }),
      ),
  },
  {
    name: 'bundles that nobody else asks for, 80 at a time',
    point: '9',
    run: (target) =>
      flood(target, (member, signal) => floodBundles(member, [LARGE.digest], { atOnce: 80, signal })),
  },
];
