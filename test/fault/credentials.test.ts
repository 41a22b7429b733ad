import { pino } from 'pino';
import t, { type Test } from 'tap';
import { join } from '../../edge/follow/upstream/join.ts';
import { Upstream } from '../../edge/follow/upstream/upstream.ts';
import { type Clock, systemClock } from '../../shared/clock.ts';
import { generateSigningKey } from '../../shared/signing/keys.ts';
import { NO_LIMITS } from '../../shared/wire/protocol.ts';
import { helloOf } from '../helpers/as-member.ts';
import { startFeedDouble } from '../helpers/feed-double.ts';
import { InnerEdge } from '../helpers/inner-edge.ts';
import { INNER_LOG, openInnerOrigin } from '../helpers/inner-origin.ts';
import { SharedEncodings } from '../helpers/own-encodings.ts';
import { until } from '../helpers/until.ts';
import {
  postJoin,
  proveWith,
  type Receiver,
  replay,
  sendAnotherBody,
  sendHeadAlone,
  startFakeParent,
  startListener,
  stealJoin,
  type Thief,
} from './attacks/credentials.ts';

const { signal } = new AbortController();
const log = pino({ level: 'silent' });

/** Starts an origin, a parent, and a child that follows the upstreams that a test chooses. */
async function open(t: Test, clock: Clock = systemClock) {
  const encodings = new SharedEncodings();
  t.teardown(() => encodings.close());
  const origin = await openInnerOrigin(clock, encodings.own());
  t.teardown(() => origin.close());
  const originServer = await startFeedDouble(clock);
  t.teardown(() => originServer.close());
  originServer.serve(origin.feed);
  const parentServer = await startFeedDouble(clock);
  t.teardown(() => parentServer.close());
  const edge = async (name: string, isParent = false) => {
    const parts = { name, clock, log, encodings: isParent ? encodings.own() : undefined, shown: () => {} };
    const made = await InnerEdge.join(parts, originServer.url, await origin.joinToken(name));
    t.teardown(() => made.remove());
    return made;
  };
  const parent = await edge('parent', true);
  await parent.start([originServer.url], NO_LIMITS);
  parentServer.serve(parent.replica?.feed);
  const receivers: Receiver[] = [
    { what: 'the origin', url: originServer.url },
    { what: 'a true parent', url: parentServer.url },
  ];
  const knows = (name: string) =>
    until('the parent to know it', () => parent.replica?.feed?.members.keyOf(name) !== undefined);
  return { origin, originServer, parentServer, receivers, edge, knows };
}

/** Waits until the thief has recorded enough requests of a child to repeat. */
async function heard(thief: Thief): Promise<void> {
  await until('a child to have asked', () =>
    ['records', 'report'].every((kind) => thief.requests.some(({ path }) => path.includes(kind))),
  );
}

t.test('what a fake parent hears is worth nothing elsewhere', async (t) => {
  const { originServer, parentServer, receivers, edge, knows } = await open(t);
  for (const [victim, name] of [
    [originServer, 'to-origin'],
    [parentServer, 'to-parent'],
  ] as const) {
    // The fake parent gives out nonces of its victim, and the child takes them for the parent's own.
    const fake = await startFakeParent('fake', victim.url);
    t.teardown(() => fake.close());
    const child = await edge(name);
    await knows(name);
    await child.start([fake.url], NO_LIMITS);
    await heard(fake);
    await child.stop();
    t.strictSame(await replay(fake.requests, receivers), [], `with nonces of ${victim.url}`);
  }
});

t.test('who brings no proof is refused before the body', async (t) => {
  const { receivers, edge } = await open(t);
  await edge('other');
  for (const { url, what } of receivers)
    for (const path of ['report', 'bundle', 'sites/1/revisions/1/leaves', 'sites/1/revisions/1/entries'])
      for (const headers of [{}, { authorization: 'Bearer sk_00112233aabb.AAAA' }])
        t.equal(await sendHeadAlone(url, `/feed/v1/${path}`, headers), 401, `${path} at ${what}`);
});

t.test('a parent that calls itself the origin is told nothing', async (t) => {
  const { originServer, edge } = await open(t);
  const fake = await startFakeParent(null, originServer.url);
  t.teardown(() => fake.close());
  const child = await edge('child');
  await child.start([fake.url], NO_LIMITS);
  const refused = async () =>
    (await child.replica?.status())?.faults.some(({ code }) => code === 'not-the-origin');
  await until('the child to say why', refused);
  t.strictSame(new Set(fake.requests.map(({ path }) => path)), new Set(['/feed/v1/hello']));
});

t.test('one that calls itself a true parent can pass on what was asked, and nothing else', async (t) => {
  const { parentServer, receivers, edge, knows } = await open(t);
  const fake = await startFakeParent('parent', parentServer.url);
  t.teardown(() => fake.close());
  const child = await edge('child');
  await knows('child');
  await child.start([fake.url], NO_LIMITS);
  await heard(fake);
  await child.stop();
  const faults = await replay(fake.requests, receivers);
  t.ok(faults.length > 0);
  t.ok(
    faults.every((fault) =>
      / verbatim, at a true parent: 200$| verbatim, at a true parent: 503$/.test(fault),
    ),
    faults.join('\n'),
  );
});

t.test('a nonce is good at its receiver, for five minutes of its clock', async (t) => {
  let ahead = 0;
  let stopped: number | undefined;
  const clock: Clock = {
    ...systemClock,
    monotonic: () => (stopped ?? systemClock.monotonic()) + ahead,
  };
  const { origin, originServer, parentServer, edge, knows } = await open(t, clock);
  await edge('child');
  const key = generateSigningKey();
  const upstream = new Upstream({ url: originServer.url, isOrigin: true }, clock);
  t.teardown(() => upstream.close());
  const place = { origin: originServer.url, token: await origin.joinToken('m'), name: 'm' };
  await join(upstream, { ...place, region: 'r', lat: null, lon: null }, key, signal);
  await knows('m');
  const member = { name: 'm', key, log: INNER_LOG };

  stopped = systemClock.monotonic();
  const { nonce } = await helloOf(originServer.url);
  t.equal(await proveWith(member, originServer.url), '200');
  t.equal(await proveWith(member, originServer.url, nonce), '200');
  t.equal(await proveWith(member, parentServer.url), '200');
  t.equal(await proveWith(member, parentServer.url, nonce), '401 stale-nonce');
  ahead = 299_000;
  t.equal(await proveWith(member, originServer.url, nonce), '200');
  ahead = 301_000;
  t.equal(await proveWith(member, originServer.url, nonce), '401 stale-nonce');
  t.equal(await proveWith(member, originServer.url), '200');
  t.equal(await sendAnotherBody(member, originServer.url), 401);
  t.equal(await proveWith({ ...member, log: '6'.repeat(32) }, originServer.url), '401 unauthenticated');
  t.equal(await proveWith({ ...member, name: 'parent' }, originServer.url), '401 unauthenticated');

  // A caller that uses `Upstream` gets a new nonce automatically.
  const self = { ...member };
  const page = async () => {
    const seen: string[] = [];
    for await (const frame of upstream.records(self, 1, signal)) seen.push(frame.t);
    return seen.length;
  };
  t.ok((await page()) > 0);
  ahead += 301_000;
  t.ok((await page()) > 0);

  await origin.fleet.change('m', { revoked: true });
  t.equal(await proveWith(member, originServer.url), '401 edge-revoked');
  await until(
    'the parent to know',
    async () => (await proveWith(member, parentServer.url)) === '401 unauthenticated',
  );
});

t.test('who hears a join cannot join, and learns nothing of the secret', async (t) => {
  const { origin, originServer, edge } = await open(t);
  await edge('other');
  const listener = await startListener(originServer.url);
  t.teardown(() => listener.close());
  const upstream = new Upstream({ url: listener.url, isOrigin: true }, systemClock);
  t.teardown(() => upstream.close());
  const token = await origin.joinToken('victim');
  const place = { origin: listener.url, token, name: 'victim', region: 'r', lat: 1.5, lon: null };
  const key = generateSigningKey();
  const { chain } = await join(upstream, place, key, signal);
  t.equal(chain.log, INNER_LOG);
  const wire = JSON.stringify([listener.requests, listener.answers]);
  t.notOk(wire.includes(token.slice(17, 49)), 'the secret is not on the wire');
  t.notOk(wire.includes(Buffer.from(token.slice(17, 49)).toString('base64url')));

  const before = (await origin.catalog.head(0)).seq;
  t.strictSame(await stealJoin(originServer.url, listener.requests), []);
  const [, asked] = listener.requests;
  const again = await postJoin(originServer.url, JSON.parse(asked?.body ?? ''));
  t.equal(again.status, 200, 'repeated, it says the same');
  t.equal(
    (JSON.parse(again.body.toString()) as { seq: number }).seq,
    (JSON.parse(listener.answers[1] ?? '') as { seq: number }).seq,
  );
  t.equal((await origin.catalog.head(0)).seq, before, 'and nothing has changed');
});

t.test('who stands in between cannot change a join, nor make one up', async (t) => {
  const { origin, originServer, edge } = await open(t);
  await edge('other');
  const changed = (path: string, text: string, at: string, changes: Record<string, unknown>) =>
    path === at ? JSON.stringify({ ...(JSON.parse(text) as object), ...changes }) : text;
  const impostor = generateSigningKey();
  const attempts = [
    [
      'another region',
      {
        request: (path: string, body: string) =>
          changed(path, body, '/feed/v1/join', { region: 'elsewhere' }),
      },
      'bad-join-token',
    ],
    [
      'another key',
      {
        request: (path: string, body: string) =>
          changed(path, body, '/feed/v1/join', { publicKey: impostor.publicKey }),
      },
      'bad-join-token',
    ],
    [
      'a made-up answer',
      { answer: (path: string, text: string) => changed(path, text, '/feed/v1/join', { seq: 77 }) },
      'bad-signature',
    ],
    [
      'a made-up origin',
      {
        answer: (path: string, text: string) =>
          changed(path, text, '/feed/v1/join/hello', { nonce: 'A'.repeat(22) }),
      },
      'bad-signature',
    ],
    [
      'another log',
      {
        answer: (path: string, text: string) =>
          changed(path, text, '/feed/v1/join/hello', { log: '6'.repeat(32) }),
      },
      'bad-signature',
    ],
  ] as const;
  for (const [what, change, code] of attempts) {
    const listener = await startListener(originServer.url, change);
    t.teardown(() => listener.close());
    const upstream = new Upstream({ url: listener.url, isOrigin: true }, systemClock);
    t.teardown(() => upstream.close());
    const name = what.replaceAll(' ', '-');
    const token = await origin.joinToken(name);
    const place = { origin: listener.url, token, name, region: 'r', lat: null, lon: null };
    const key = generateSigningKey();
    await t.rejects(join(upstream, place, key, signal), { code }, what);
    if (what.includes('origin') || what.includes('log'))
      t.notOk(
        listener.requests.some(({ path }) => path === '/feed/v1/join'),
        `${what}: it is told nothing`,
      );
    // The token is still valid, so the edge joins when its request arrives.
    const direct = new Upstream({ url: originServer.url, isOrigin: true }, systemClock);
    t.teardown(() => direct.close());
    await join(direct, place, key, signal);
  }
});

t.test('a join that breaks off anywhere is begun again with the same token', async (t) => {
  const { origin, originServer, edge } = await open(t);
  await edge('other');
  const token = await origin.joinToken('m');
  const key = generateSigningKey();
  const place = { origin: originServer.url, token, name: 'm', region: 'r', lat: null, lon: null };
  // The answer is lost on its way, or the edge is killed before it has stored the answer.
  for (const lost of ['/feed/v1/join/hello', '/feed/v1/join', '/feed/v1/join']) {
    const listener = await startListener(originServer.url, {
      answer: (path, text) => {
        if (path === lost) throw new Error('the wire is cut');
        return text;
      },
    });
    t.teardown(() => listener.close());
    const cut = new Upstream({ url: listener.url, isOrigin: true }, systemClock);
    t.teardown(() => cut.close());
    await t.rejects(join(cut, place, key, signal), { code: 'origin-unreachable' }, lost);
  }
  const before = (await origin.catalog.head(0)).seq;
  const upstream = new Upstream({ url: originServer.url, isOrigin: true }, systemClock);
  t.teardown(() => upstream.close());
  await join(upstream, place, key, signal);
  t.equal((await origin.catalog.head(0)).seq, before, 'it was a member since the second try');
  t.equal(await proveWith({ name: 'm', key, log: INNER_LOG }, originServer.url), '200');
  const other = join(upstream, place, generateSigningKey(), signal);
  await t.rejects(other, { code: 'bad-join-token' }, 'the token is used');
});

t.test('an edge whose clock is wrong joins, follows and reports', async (t) => {
  const { origin, originServer, edge } = await open(t);
  await edge('other');
  for (const offset of [-172_800_000, 172_800_000, 240_000]) {
    const name = `off${offset}`.replace('-', 'b');
    const clock: Clock = { ...systemClock, now: () => systemClock.now() + offset };
    const parts = { name, clock, log, encodings: undefined, shown: () => {} };
    const made = await InnerEdge.join(parts, originServer.url, await origin.joinToken(name));
    t.teardown(() => made.remove());
    await made.start([originServer.url], NO_LIMITS);
    const reported = async () => (await origin.fleet.statusOf(name)).online;
    await until(`${name} to be online`, reported);
    const { seq } = await origin.catalog.head(0);
    await until(`${name} to follow`, async () => (await made.replica?.status())?.position === seq);
    await made.stop();
  }
});

t.test('an edge joins through a parent, which learns nothing of the secret', async (t) => {
  const { origin, parentServer, edge } = await open(t);
  await edge('other');
  const listener = await startListener(parentServer.url);
  t.teardown(() => listener.close());
  const upstream = new Upstream({ url: listener.url, isOrigin: true }, systemClock);
  t.teardown(() => upstream.close());
  const token = await origin.joinToken('m');
  const place = { origin: listener.url, token, name: 'm', region: 'r', lat: null, lon: 7 };
  await join(upstream, place, generateSigningKey(), signal);
  t.match(await origin.fleet.statusOf('m'), { name: 'm', region: 'r' });
  const wire = JSON.stringify([listener.requests, listener.answers]);
  t.notOk(wire.includes(token.slice(17, 49)));
  const bad = join(
    upstream,
    { ...place, name: 'n', token: await origin.joinToken('n'), region: '\u001b[2J' },
    generateSigningKey(),
    signal,
  );
  await t.rejects(bad, { code: 'bad-request', message: /U\+001B/ });
});

t.test('a join that comes again is answered, and not noted again', async (t) => {
  const { origin, originServer } = await open(t);
  const upstream = new Upstream({ url: originServer.url, isOrigin: true }, systemClock);
  t.teardown(() => upstream.close());
  const place = { origin: originServer.url, token: await origin.joinToken('m'), name: 'm', region: 'r' };
  const before = origin.acts.length;
  const key = generateSigningKey();
  for (let i = 0; i < 3; i++) await join(upstream, { ...place, lat: null, lon: null }, key, signal);
  t.strictSame(origin.acts.slice(before), ['edge-join']);
});
