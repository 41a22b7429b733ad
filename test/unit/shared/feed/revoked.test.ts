import { pino } from 'pino';
import t from 'tap';
import { join } from '../../../../edge/follow/upstream/join.ts';
import { isRevocationOf } from '../../../../edge/follow/upstream/revoked.ts';
import { Upstream } from '../../../../edge/follow/upstream/upstream.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { toSkerryError } from '../../../../shared/errors.ts';
import { generateSigningKey } from '../../../../shared/signing/keys.ts';
import { NO_LIMITS } from '../../../../shared/wire/protocol.ts';
import { startFeedDouble } from '../../../helpers/feed-double.ts';
import { InnerEdge } from '../../../helpers/inner-edge.ts';
import { INNER_LOG, openInnerOrigin } from '../../../helpers/inner-origin.ts';
import { SharedEncodings } from '../../../helpers/own-encodings.ts';
import { until } from '../../../helpers/until.ts';

const { signal } = new AbortController();

t.test('who is revoked loses the stream that it has open, at the origin and at a parent', async (t) => {
  const encodings = new SharedEncodings();
  t.teardown(() => encodings.close());
  const origin = await openInnerOrigin(systemClock, encodings.own());
  t.teardown(() => origin.close());
  const servers = [await startFeedDouble(systemClock), await startFeedDouble(systemClock)] as const;
  for (const server of servers) t.teardown(() => server.close());
  servers[0].serve(origin.feed);
  const log = pino({ level: 'silent' });
  const parts = { name: 'parent', clock: systemClock, log, encodings: encodings.own(), shown: () => {} };
  const token = await origin.joinToken('parent');
  const parent = await InnerEdge.join({ ...parts }, servers[0].url, token);
  t.teardown(() => parent.remove());
  await parent.start([servers[0].url], NO_LIMITS);
  servers[1].serve(parent.replica?.feed);

  const originKey = parent.catalog.chain()?.key;
  if (originKey === undefined) throw new Error('the parent has joined');
  for (const [i, server] of servers.entries()) {
    const name = `child-${i}`;
    const key = generateSigningKey();
    const upstream = new Upstream({ url: server.url, isOrigin: i === 0 }, systemClock);
    t.teardown(() => upstream.close());
    const place = { origin: server.url, token: await origin.joinToken(name), name };
    await join(upstream, { ...place, region: 'r', lat: null, lon: null }, key, signal);
    const caller = { name, key, log: INNER_LOG };
    const wants = { sites: null, prefixes: null };
    await until('the parent to know it', () => parent.replica?.feed?.members.keyOf(name) !== undefined);
    let isRevoked = false;
    const heard: string[] = [];
    const ended = (async () => {
      for await (const frame of upstream.stream(caller, 1, wants, signal)) {
        if (frame.t === 'record' && isRevoked) heard.push(frame.record.kind);
        if (frame.t !== 'head' || isRevoked) continue;
        isRevoked = true;
        await origin.fleet.change(name, { revoked: true });
        await origin.catalog.putSite(`secret-${i}`, [], systemClock.now());
      }
    })().catch((error) => toSkerryError(error).code);
    await ended;
    t.ok(isRevoked);
    t.notOk(heard.includes('settings'), 'it learns nothing of what comes later');
    const again = upstream.stream(caller, 1, wants, signal).next();
    const error = await again.then(() => undefined, toSkerryError);
    t.equal(error?.code, i === 0 ? 'edge-revoked' : 'unauthenticated', 'nor does it come back');
    // A parent cannot sign for the origin.
    t.equal(isRevocationOf(caller, originKey, error), i === 0);
    const other = { ...caller, key: generateSigningKey() };
    await t.rejects(upstream.stream(other, 1, wants, signal).next(), { code: 'unauthenticated' });
  }
});
