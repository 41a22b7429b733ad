import t from 'tap';
import { join } from '../../../../edge/follow/upstream/join.ts';
import { Upstream } from '../../../../edge/follow/upstream/upstream.ts';
import { systemClock } from '../../../../shared/clock.ts';
import type { SkerryError } from '../../../../shared/errors.ts';
import { CatchUps } from '../../../../shared/feed/catch-ups.ts';
import { generateSigningKey } from '../../../../shared/signing/keys.ts';
import { askAs, type Member } from '../../../helpers/as-member.ts';
import { startFeedDouble } from '../../../helpers/feed-double.ts';
import { INNER_LOG, openInnerOrigin } from '../../../helpers/inner-origin.ts';
import { SharedEncodings } from '../../../helpers/own-encodings.ts';

/** Returns how many seconds the member has to wait. 0 when it may begin. */
function asks(catchUps: CatchUps, member: string): number {
  try {
    catchUps.begin(member);
    return 0;
  } catch (error) {
    const { code, details } = error as SkerryError;
    t.equal(code, 'too-many-requests');
    return Number(details.retryAfter);
  }
}

t.test('200 edges that come back in the same instant are spread out', async (t) => {
  let now = 5000;
  const catchUps = new CatchUps({ monotonic: () => now });
  const began: number[] = [];
  let asked = 0;
  // Each comes back when it was told, at some instant of that second, like an edge.
  let coming = Array.from({ length: 200 }, (_, i) => ({ name: `edge-${i}`, at: now, late: (i * 37) % 1000 }));
  for (; coming.length > 0; now++) {
    const here = coming.filter(({ at }) => at <= now);
    if (here.length === 0) continue;
    coming = coming.filter(({ at }) => at > now);
    for (const { name, late } of here) {
      asked++;
      const seconds = asks(catchUps, name);
      if (seconds === 0) began.push(now);
      else coming.push({ name, at: now + seconds * 1000 + late, late });
    }
  }
  t.equal(began.length, 200);
  t.ok(asked < 400, `${asked} requests`);
  const most = Math.max(
    ...began.map((at) => began.filter((other) => other >= at && other < at + 1000).length),
  );
  t.ok(most <= 64, `${most} begin in one second`);
  t.ok(now - 5000 < 9000, `the last one begins after ${now - 5000} ms`);
});

t.test('a member has one turn for all its pages', async (t) => {
  let now = 0;
  const catchUps = new CatchUps({ monotonic: () => now });
  for (let i = 0; i < 1000; i++) t.equal(asks(catchUps, 'oslo'), 0);
  for (let i = 0; i < 31; i++) t.equal(asks(catchUps, `edge-${i}`), 0, 'nobody else pays for it');
  t.equal(asks(catchUps, 'late'), 1);
  t.equal(asks(catchUps, 'late'), 1, 'asking again does not put it off');
  now += 1000;
  t.equal(asks(catchUps, 'late'), 0);
  now += 70_000;
  for (let i = 0; i < 32; i++) t.equal(asks(catchUps, `other-${i}`), 0);
  t.equal(asks(catchUps, 'oslo'), 1, 'much later it takes a new turn');
});

t.test('members that have missed records get turns, and the others pass', async (t) => {
  const encodings = new SharedEncodings();
  t.teardown(() => encodings.close());
  const origin = await openInnerOrigin(systemClock, encodings.own());
  t.teardown(() => origin.close());
  // Time stands still, so all come in the same instant.
  const server = await startFeedDouble({ ...systemClock, monotonic: () => 1 });
  t.teardown(() => server.close());
  server.serve(origin.feed);
  const upstream = new Upstream({ url: server.url, isOrigin: true }, systemClock);
  t.teardown(() => upstream.close());
  const members: Member[] = [];
  for (let i = 0; i < 34; i++) {
    const member = { name: `edge-${i}`, key: generateSigningKey(), log: INNER_LOG };
    const place = { origin: server.url, token: await origin.joinToken(member.name), name: member.name };
    const { signal } = new AbortController();
    await join(upstream, { ...place, region: 'r', lat: null, lon: null }, member.key, signal);
    members.push(member);
  }
  const records = (member: Member, from: number) =>
    askAs(member, server.url, `/feed/v1/records?from=${from}`);
  const answers = [];
  for (const member of members) answers.push(await records(member, 1));
  t.strictSame(
    answers.map(({ status }) => status),
    [...Array(32).fill(200), 429, 429],
  );
  t.equal(answers.at(-1)?.headers['retry-after'], '1');
  const { seq } = await origin.catalog.head(0);
  const last = members.at(-1);
  if (last === undefined) throw new Error('there are members');
  t.equal((await records(last, seq + 1)).status, 200, 'it has missed nothing');
});
