import { randomBytes } from 'node:crypto';
import t from 'tap';
import { type Digest, digestOf } from '../../../../shared/content/digest.ts';
import {
  joinAsMember,
  type Member,
  poisonEncodings,
  spoilDictionary,
} from '../../../fault/attacks/members.ts';
import { loneOrigin } from '../../../helpers/lone-origin.ts';

const { signal } = new AbortController();
const transfer = { signal, bandwidths: [] };

async function objectOf({ upstream, self }: Member, digest: Digest): Promise<Buffer> {
  return Buffer.concat(await (await upstream.object(self, digest, undefined, transfer)).toArray());
}

t.test('what one member asks for spoils no answer to another', async (t) => {
  const origin = await loneOrigin(t);
  const [bad, honest] = [await joinAsMember(origin, 'bad'), await joinAsMember(origin, 'honest')];
  t.teardown(() => Promise.all([bad, honest].map(({ upstream }) => upstream.close())));
  await origin.client.putSite('docs');
  const text = 'a page\n'.repeat(20_000);
  await origin.put('docs', 'page.txt', text);

  await poisonEncodings(bad, digestOf(text), signal);
  const received = await objectOf(honest, digestOf(text));
  t.equal(digestOf(received), digestOf(text), 'a list of names is not taken for an object');

  const old = randomBytes(200_000).toString('base64');
  const edited = `${old.slice(0, 100_000)}edited${old.slice(100_000)}`;
  await origin.put('docs', 'app.txt', old);
  await origin.put('docs', 'app.txt', edited);
  const wanted = [digestOf(edited)];
  await spoilDictionary(bad, wanted, Buffer.from(old), signal);
  let bytes = 0;
  const dictionary = { digests: [digestOf(old)], bytes: Buffer.from(old) };
  for await (const item of honest.upstream.bundle(honest.self, wanted, dictionary, transfer, (kept) => {
    bytes = kept.bytes.length;
  }))
    t.equal(item.digest, wanted[0]);
  t.ok(bytes > 0 && bytes < 2000, 'the delta against what it holds', { bytes });
});

t.test('an answer without an object that comes later is kept by nobody', async (t) => {
  const origin = await loneOrigin(t);
  const edge = await joinAsMember(origin, 'edge');
  t.teardown(() => edge.upstream.close());
  await origin.client.putSite('docs');
  const text = 'later\n'.repeat(100);
  let kept = 0;
  const ask = async () => {
    const digests: Digest[] = [];
    const keep = () => kept++;
    for await (const { digest } of edge.upstream.bundle(
      edge.self,
      [digestOf(text)],
      undefined,
      transfer,
      keep,
    ))
      digests.push(digest);
    return digests;
  };
  t.strictSame(await ask(), []);
  t.equal(kept, 0, 'not by a parent either');
  await origin.put('docs', 'later.txt', text);
  t.strictSame(await ask(), [digestOf(text)]);
  t.equal(kept, 1);
});
