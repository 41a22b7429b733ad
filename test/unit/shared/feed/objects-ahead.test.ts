import t from 'tap';
import { type Digest, digestBytes, digestOf } from '../../../../shared/content/digest.ts';
import type { ObjectNames } from '../../../../shared/content/manifest/object-names.ts';
import { alsoAhead, ObjectsAhead } from '../../../../shared/feed/objects-ahead.ts';
import type { AheadPage } from '../../../../shared/log/ahead-page.ts';
import type { Remote } from '../../../../shared/process/thread.ts';
import { MOST_AHEAD_SITES } from '../../../../shared/wire/frame.ts';

const [A, B] = ['a'.repeat(16), 'b'.repeat(16)] as const;

function page(site: number, list: string, number: number, contents: readonly string[] = ['x']): AheadPage {
  const objects = contents.map((content): AheadPage['objects'][number] => [digestOf(content), 1, null]);
  return { site, list, page: number, objects, sig: '' };
}

const short = (content: string) => digestBytes(digestOf(content)).subarray(0, 8);

t.test('pages follow each other, and another list begins anew', async (t) => {
  const ahead = new ObjectsAhead();
  t.equal(ahead.next(1), undefined);
  ahead.add(page(1, A, 1));
  t.equal(ahead.next(1), undefined, 'a list begins with its first page');
  ahead.add(page(1, A, 0));
  ahead.add(page(1, A, 2));
  ahead.add(page(1, A, 1));
  t.strictSame(ahead.next(1), { list: A, page: 2 });
  t.match(ahead.page(1, A, 1), { list: A, page: 1 });
  t.equal(ahead.page(1, A, 2), undefined);
  t.match(ahead.page(1, '', 1), { list: A, page: 0 }, 'who has another list gets the first page');
  t.equal(ahead.page(2, '', 0), undefined);
  ahead.add(page(1, B, 0));
  t.strictSame(ahead.next(1), { list: B, page: 1 });
  ahead.drop(1);
  t.strictSame(ahead.sites, []);
});

t.test('followers hear of what was added since they last looked', async (t) => {
  const ahead = new ObjectsAhead();
  ahead.add(page(1, A, 0));
  ahead.add(page(2, A, 0));
  t.strictSame(ahead.since(0), [1, 2]);
  const told = ahead.newest;
  t.strictSame(ahead.since(told), []);
  ahead.add(page(1, A, 1));
  ahead.add(page(1, A, 1));
  t.strictSame(ahead.since(told), [1]);
});

t.test('the lists are bounded: the ones that have not grown for longest go', async (t) => {
  const ahead = new ObjectsAhead();
  for (let site = 1; site <= MOST_AHEAD_SITES; site++) ahead.add(page(site, A, 0));
  ahead.add(page(1, A, 1));
  ahead.add(page(99, A, 0));
  t.equal(ahead.sites.length, MOST_AHEAD_SITES);
  t.notOk(ahead.sites.includes(2));
  t.strictSame(ahead.next(1), { list: A, page: 2 });

  const objects = (number: number) => Array.from({ length: 2048 }, (_, i) => `${number} ${i}`);
  for (let number = 0; number < 100; number++) ahead.add(page(7, B, number, objects(number)));
  t.strictSame(ahead.sites, [7], 'one list has no room for others');
  t.strictSame(ahead.next(7), { list: B, page: 97 }, 'and no more than all may have');
});

t.test('followers may request what is ahead, within their sites', async (t) => {
  const published = digestOf('published');
  const names = {
    objectsNamed: async (wanted: readonly Uint8Array[]) =>
      wanted.map((name) => (Buffer.compare(name, short('published')) === 0 ? published : undefined)),
    isNamedIn: async (digest: Digest) => digest === published,
    allObjects: async () => ({ digests: [published], next: undefined }),
  } as Remote<ObjectNames>;
  const ahead = new ObjectsAhead();
  const both = alsoAhead(names, ahead);
  const listed: AheadPage = { ...page(1, A, 0), objects: [[digestOf('film'), 9, digestOf('list')]] };
  ahead.add(listed);
  const asked = ['published', 'film', 'list', 'none'].map(short);
  const all = [published, digestOf('film'), digestOf('list'), undefined];
  t.strictSame(await both.objectsNamed(asked, null), all);
  t.strictSame(await both.objectsNamed(asked, [2, 1]), all);
  t.strictSame(await both.objectsNamed(asked, [2]), [published, undefined, undefined, undefined]);
  for (const [content, sites, isNamed] of [
    ['published', [2], true],
    ['film', [1], true],
    ['list', [1], true],
    ['film', [2], false],
    ['film', [], false],
    ['none', [1], false],
  ] as const)
    t.equal(await both.isNamedIn(digestOf(content), sites), isNamed, `${content} in ${sites.join()}`);
  t.strictSame((await both.allObjects(0, 10)).digests, [published], 'all else is as it was');
});
