import { randomBytes } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import t from 'tap';
import { Upstream } from '../../edge/follow/upstream/upstream.ts';
import { systemClock } from '../../shared/clock.ts';
import { digestOf } from '../../shared/content/digest.ts';
import { EdgeDouble } from '../helpers/edge-double.ts';
import { loneOrigin } from '../helpers/lone-origin.ts';
import { floodReports, hoardObjects, joinAsMember, signedReports } from './attacks/members.ts';

const { signal } = new AbortController();

t.test('a member that floods the origin with receipts costs no other its lease', async (t) => {
  const origin = await loneOrigin(t);
  const honest = await Promise.all(
    Array.from({ length: 10 }, (_, i) => EdgeDouble.join(origin, `honest-${i}`)),
  );
  const bad = await joinAsMember(origin, 'bad');
  t.teardown(() => bad.upstream.close());
  const reports = await signedReports(bad, { count: 12, receipts: 400 });
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  let isFlooding = true;
  const flood = floodReports(bad, reports, { atOnce: 4, signal }).finally(() => {
    isFlooding = false;
  });
  // The grants are compared by number, not by time, because on a busy machine every lease may end.
  const leases = await Promise.all(
    honest.map(async (edge) => {
      let granted = 0;
      while (isFlooding) {
        const { leases } = await edge.send([edge.signed()]);
        if (leases[edge.name] !== undefined) granted++;
      }
      return granted;
    }),
  );
  delay.disable();
  const met = await flood;
  t.comment(met, `longest stall ${(delay.max / 1e6).toFixed(0)} ms`);
  // With one queue for all members it would be a quarter.
  const fewest = 0.4 * (met.get('ok') ?? 0);
  t.ok(
    leases.every((granted) => granted >= fewest),
    'each is granted a lease about as often as the other is answered',
    { leases, fewest },
  );
});

t.test('a member that takes no answers costs no other its own', async (t) => {
  const origin = await loneOrigin(t);
  const [bad, honest] = [await joinAsMember(origin, 'bad'), await joinAsMember(origin, 'honest')];
  const over = new AbortController();
  t.teardown(async () => {
    over.abort();
    await Promise.all([bad.upstream.close(), honest.upstream.close()]);
  });
  await origin.client.putSite('docs');
  const content = randomBytes(700_000);
  await origin.put('docs', 'noise.bin', content.toString('latin1'));
  const digest = digestOf(content.toString('latin1'));
  // These are more streams than the connections of one upstream.
  const doors = Array.from(
    { length: 3 },
    () => new Upstream({ url: origin.url, isOrigin: true }, systemClock),
  );
  t.teardown(() => Promise.all(doors.map((door) => door.close())));
  const streams = [...doors, ...doors].map((door) => {
    const stream = door.stream(bad.self, 1, { sites: null, prefixes: null }, over.signal);
    return stream.next().then(async () => {
      while (!(await stream.next()).done);
      return 'ended';
    });
  });
  const outcome = await Promise.race(streams.map((ended) => ended.catch(() => 'cut off')));
  t.match(outcome, /ended|cut off/, 'of its streams the oldest end');
  const flood = hoardObjects(bad, digest, { atOnce: 300, signal: over.signal });
  const transfer = { signal, bandwidths: [] };
  const body = await honest.upstream.object(honest.self, digest, undefined, transfer);
  t.equal(digestOf(Buffer.concat(await body.toArray())), digest);
  over.abort();
  t.comment(await flood);
  await Promise.allSettled(streams);
});
