import t from 'tap';
import { UploadsAhead, type UploadsAheadParts } from '../../../../origin/ingest/uploads-ahead.ts';
import { Wakeup } from '../../../../shared/concurrency/wakeup.ts';
import { digestOf } from '../../../../shared/content/digest.ts';
import { SkerryError } from '../../../../shared/errors.ts';
import { AHEAD_PAGE, objectsOn, verifyAheadPage } from '../../../../shared/log/ahead-page.ts';
import { until } from '../../../helpers/until.ts';
import { LOG, originKey } from '../../shared/fixed-keys.ts';

const IDENTITY = { log: LOG, epoch: 1 };

/** Sites by their newest revision. The others were deleted. */
function world(newest: Record<number, number>) {
  const appended = new Wakeup();
  let checks = 0;
  const catalog = {
    async site(id: number) {
      checks++;
      const found = newest[id];
      if (found === undefined) throw new SkerryError('no-such-site', 'it was deleted');
      return { newest: found };
    },
  } as unknown as UploadsAheadParts['catalog'];
  const uploads = new UploadsAhead({ catalog, identity: IDENTITY, key: originKey, appended });
  const note = (site: number, contents: readonly string[], size = 1) =>
    uploads.note(contents.map((content) => ({ site, digest: digestOf(content), size, chunks: null })));
  const { ahead, offerRest } = uploads;
  return { ahead, offerRest, appended, note, checks: () => checks, offers: () => ahead.newest };
}

const many = (count: number, prefix = '') => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

t.test('a page is offered when it is full, and what does not fill one is not', async (t) => {
  const { ahead, note, checks, offers } = world({ 1: 0 });
  note(1, many(AHEAD_PAGE.objects - 1));
  note(1, many(AHEAD_PAGE.objects - 1));
  t.equal(checks(), 0, 'what is uploaded again is not counted again');
  note(1, ['last', 'of the next page']);
  await until('the offer', () => offers() === 1);
  const page = ahead.page(1, '', 0);
  if (page === undefined) throw new Error('a page was offered');
  t.ok(verifyAheadPage(IDENTITY, page, originKey.publicKey));
  t.equal(page.objects.length, AHEAD_PAGE.objects);
  t.strictSame(objectsOn(page).at(-1), { digest: digestOf('last'), size: 1, chunks: null });
  note(1, ['large'], AHEAD_PAGE.bytes);
  await until('the next offer', () => offers() === 2);
  t.match(ahead.page(1, page.list, 1)?.objects, [[digestOf('of the next page')], [digestOf('large')]]);
});

t.test('before a revision is made, the rest of a list is offered', async (t) => {
  const { ahead, note, offers, offerRest } = world({ 1: 0, 2: 0 });
  offerRest(1);
  note(1, many(AHEAD_PAGE.objects));
  await until('the first page', () => offers() === 1);
  offerRest(1);
  note(1, ['a', 'b']);
  note(2, ['c']);
  offerRest(1);
  offerRest(2);
  await until('the rest', () => offers() === 2);
  offerRest(1);
  const first = ahead.page(1, '', 0);
  if (first === undefined) throw new Error('a page was offered');
  const objects = [digestOf('a'), digestOf('b')].map((digest) => [digest]);
  t.match(ahead.page(1, first.list, 1), { list: first.list, page: 1, objects });
  t.strictSame(ahead.sites, [1], 'less than a page is not worth a request');
  t.equal(offers(), 2);
});

t.test('a site that has a revision, or is gone, is offered nothing', async (t) => {
  const { ahead, note, checks, offers } = world({ 1: 3, 3: 0 });
  for (const site of [1, 2]) {
    note(site, ['a'], AHEAD_PAGE.bytes);
    note(site, ['b'], AHEAD_PAGE.bytes);
  }
  note(3, ['a'], AHEAD_PAGE.bytes);
  await until('the offer for the new site', () => offers() === 1);
  t.strictSame(ahead.sites, [3]);
  const before = checks();
  note(1, ['c'], AHEAD_PAGE.bytes);
  t.equal(checks(), before, 'nobody asks for such a site again');
});

t.test('an offer ends with the first revision', async (t) => {
  const newest: Record<number, number> = { 1: 0, 2: 0 };
  const { ahead, appended, note, offers } = world(newest);
  note(1, ['a'], AHEAD_PAGE.bytes);
  note(2, ['a'], AHEAD_PAGE.bytes);
  await until('the offers', () => offers() === 2);
  appended.wake();
  newest[1] = 1;
  await until('the offer to end', () => {
    appended.wake();
    return ahead.sites.length === 1;
  });
  t.strictSame(ahead.sites, [2]);
});
