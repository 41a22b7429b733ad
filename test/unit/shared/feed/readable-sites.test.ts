import { randomBytes } from 'node:crypto';
import t from 'tap';
import { type Digest, digestOf } from '../../../../shared/content/digest.ts';
import { joinAsMember, type Member } from '../../../fault/attacks/members.ts';
import { loneOrigin } from '../../../helpers/lone-origin.ts';

const { signal } = new AbortController();
const transfer = { signal, bandwidths: [] };

async function objectOf({ upstream, self }: Member, digest: Digest, dictionary?: Buffer): Promise<string> {
  const body = await upstream.object(self, digest, dictionary, transfer);
  return Buffer.concat(await body.toArray()).toString();
}

async function bundleOf({ upstream, self }: Member, digests: readonly Digest[]): Promise<Digest[]> {
  const found: Digest[] = [];
  for await (const item of upstream.bundle(self, digests, undefined, transfer)) found.push(item.digest);
  return found;
}

async function drained(items: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of items) count++;
  return count;
}

t.test('a feed gives a member what it may read, and nothing else', async (t) => {
  const origin = await loneOrigin(t);
  const [limited, free] = [
    await joinAsMember(origin, 'limited', ['docs']),
    await joinAsMember(origin, 'free'),
  ];
  t.teardown(() => Promise.all([limited, free].map(({ upstream }) => upstream.close())));
  for (const site of ['docs', 'shop']) await origin.client.putSite(site);
  const [shared, mine, theirs] = ['shared page', 'page of docs', 'page of shop'];
  const large = randomBytes(1_500_000).toString('base64');
  await origin.put('docs', 'shared.txt', shared);
  await origin.put('docs', 'mine.txt', mine);
  await origin.put('shop', 'shared.txt', shared);
  await origin.put('shop', 'theirs.txt', theirs);
  await origin.put('shop', 'large.bin', large);
  const [docs, shop] = [1, 2];

  const asked = [shared, mine, theirs].map((text) => digestOf(text));
  t.strictSame(await bundleOf(free, asked), asked);
  t.strictSame(await bundleOf(limited, asked), asked.slice(0, 2), 'not what was coded for another member');
  t.equal(await objectOf(limited, digestOf(mine)), mine);
  t.equal(await objectOf(free, digestOf(theirs)), theirs);
  const { self, upstream } = limited;
  for (const secret of [theirs, large])
    await t.rejects(objectOf(limited, digestOf(secret)), { code: 'no-such-object' });
  const range = { start: 0, end: 6 };
  await t.rejects(upstream.range(self, digestOf(large), range, transfer), { code: 'no-such-object' });

  const forbidden = { code: 'forbidden' };
  t.ok((await drained(upstream.diff(self, { site: docs, from: 0, to: 2 }, transfer))) > 0);
  await t.rejects(drained(upstream.diff(self, { site: shop, from: 0, to: 1 }, transfer)), forbidden);
  await t.rejects(upstream.nodes(self, shop, 1, transfer), forbidden);
  await t.rejects(upstream.leaves(self, shop, 1, [0], transfer), forbidden);
  await t.rejects(drained(upstream.entries(self, shop, 1, [0], transfer)), forbidden);

  await origin.client.limitEdge('limited', ['docs', 'shop']);
  t.equal(await objectOf(limited, digestOf(theirs)), theirs, 'it may now');
  await origin.client.limitEdge('limited', ['later']);
  await t.rejects(objectOf(limited, digestOf(mine)), { code: 'no-such-object' }, 'a site that is not there');
  await origin.client.limitEdge('limited', null);
  t.equal(await objectOf(limited, digestOf(mine)), mine);
});

t.test('nothing is coded against what a member may not read', async (t) => {
  const origin = await loneOrigin(t);
  const limited = await joinAsMember(origin, 'limited', ['docs']);
  t.teardown(() => limited.upstream.close());
  for (const site of ['docs', 'shop']) await origin.client.putSite(site);
  const secret = randomBytes(100_000).toString('base64');
  const guess = `${secret}!`;
  await origin.put('shop', 'secret.txt', secret);
  await origin.put('docs', 'guess.txt', guess);
  const digests = [digestOf(guess)];
  const dictionary = { digests: [digestOf(secret)], bytes: Buffer.from(secret) };
  let bytes = 0;
  const { upstream, self } = limited;
  for await (const _ of upstream.bundle(self, digests, dictionary, transfer, (kept) => {
    bytes = kept.bytes.length;
  }));
  t.ok(bytes > 90_000, 'its length says nothing of what the other site holds', { bytes });
});
