import t from 'tap';
import { digestOf } from '../../../../shared/content/digest.ts';
import { schema } from '../../../../shared/json/schema.ts';
import {
  AHEAD_PAGE,
  type AheadPage,
  aheadPageSchema,
  MOST_AHEAD_PAGES,
  objectsOn,
  signAheadPage,
  verifyAheadPage,
} from '../../../../shared/log/ahead-page.ts';
import { signText } from '../../../../shared/signing/keys.ts';
import { edgeKey, LOG, originKey } from '../fixed-keys.ts';

const of = { log: LOG, epoch: 1 };
const objects = [
  { digest: digestOf('<h1>Hello</h1>\n'), size: 15, chunks: null },
  { digest: digestOf('film'), size: 5_000_000, chunks: digestOf('list') },
];
const page = signAheadPage(of, { site: 1, list: '00112233aabbccdd', page: 0 }, objects, originKey);

t.test('the signature is the frozen one, over the canonical text', async (t) => {
  const rows = objects.map(({ digest, size, chunks }) => [digest, size, chunks]);
  const text = `["skerry-objects-ahead-1","${LOG}",1,1,"00112233aabbccdd",0,${JSON.stringify(rows)}]`;
  t.equal(page.sig, signText(originKey, text));
  // Computed with openssl.
  t.equal(page.sig, 'VdzNIsm0wdUlQSQLu8GmLaJfUHStKasm0wbMXtW5W74tQBk5a1zN5vAtzU-H2iurVuZh0IYQscVWPb6MojTwBA');
  t.strictSame(objectsOn(page), objects);
});

t.test('verifies with the key that signed it alone, and nothing in it can be changed', async (t) => {
  t.equal(verifyAheadPage(of, page, originKey.publicKey), true);
  t.equal(verifyAheadPage(of, page, edgeKey.publicKey), false);
  t.equal(verifyAheadPage({ ...of, epoch: 2 }, page, originKey.publicKey), false);
  t.equal(verifyAheadPage({ ...of, log: 'f'.repeat(32) }, page, originKey.publicKey), false);
  const changes: Partial<AheadPage>[] = [
    ...[{ site: 2 }, { list: '0'.repeat(16) }, { page: 1 }, { objects: page.objects.slice(1) }, { sig: '' }],
  ];
  for (const change of changes)
    t.equal(verifyAheadPage(of, { ...page, ...change }, originKey.publicKey), false, JSON.stringify(change));
});

t.test('the schema takes a page and refuses a malformed one', async (t) => {
  const pages = schema(aheadPageSchema);
  t.same(pages.parse(page), page);
  const one = page.objects[0];
  for (const change of [
    ...[{ site: 0 }, { list: 'x' }, { page: -1 }, { page: MOST_AHEAD_PAGES }, { sig: '' }, { objects: [] }],
    ...[{ objects: [['x', 1, null]] }, { objects: [[digestOf('a'), -1, null]] }],
    { objects: Array(AHEAD_PAGE.objects + 1).fill(one) },
  ])
    t.throws(() => pages.parse({ ...page, ...change }), { code: 'bad-request' });
});
