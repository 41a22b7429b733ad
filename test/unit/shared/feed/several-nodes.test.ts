import t from 'tap';
import { join } from '../../../../edge/follow/upstream/join.ts';
import { Upstream } from '../../../../edge/follow/upstream/upstream.ts';
import { systemClock } from '../../../../shared/clock.ts';
import type { FeedMembers } from '../../../../shared/feed/feed-source.ts';
import { generateSigningKey } from '../../../../shared/signing/keys.ts';
import { startFeedDouble } from '../../../helpers/feed-double.ts';
import { INNER_LOG, openInnerOrigin } from '../../../helpers/inner-origin.ts';
import { SharedEncodings } from '../../../helpers/own-encodings.ts';

const { signal } = new AbortController();

t.test('an edge that joined at one node is let in by another, which has to ask for its key', async (t) => {
  const encodings = new SharedEncodings();
  t.teardown(() => encodings.close());
  const origin = await openInnerOrigin(systemClock, encodings.own());
  t.teardown(() => origin.close());
  const { fleet } = origin;
  const heard = new Set<string>();
  const learn = async (name: string) => {
    heard.add(name);
    return fleet.keyOf(name);
  };
  const members: FeedMembers = {
    formerKeyOf: () => undefined,
    revocationOf: () => undefined,
    keyOf: (name) => (heard.has(name) ? fleet.keyOf(name) : learn(name)),
    mayRead: (name) => fleet.mayRead(name),
    proven: (name) => fleet.proven(name),
    connected: (name) => fleet.connected(name),
    report: (sender, reports) => fleet.report(sender, reports),
  };
  const servers = [await startFeedDouble(systemClock), await startFeedDouble(systemClock)] as const;
  for (const server of servers) t.teardown(() => server.close());
  servers[0].serve(origin.feed);
  servers[1].serve({ ...origin.feed, members });
  const [first, second] = servers.map(({ url }) => new Upstream({ url, isOrigin: true }, systemClock));
  if (first === undefined || second === undefined) throw new Error('there are two');
  t.teardown(() => Promise.all([first.close(), second.close()]));

  const key = generateSigningKey();
  const place = { origin: servers[0].url, token: await origin.joinToken('edge'), name: 'edge' };
  await join(first, { ...place, region: 'r', lat: null, lon: null }, key, signal);
  const caller = { name: 'edge', key, log: INNER_LOG };
  const wants = { sites: null, prefixes: null };
  const { value } = await second.stream(caller, 1, wants, signal).next();
  t.match(value, { v: 1 });
  const stranger = { ...caller, key: generateSigningKey() };
  await t.rejects(second.stream(stranger, 1, wants, signal).next(), { code: 'unauthenticated' });
  await t.rejects(second.stream({ ...caller, name: 'none' }, 1, wants, signal).next(), {
    code: 'unauthenticated',
  });
});
