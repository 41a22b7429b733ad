import t from 'tap';
import { WHOLE } from '../../../../../edge/store/cover.ts';
import type { ContentPath } from '../../../../../shared/content/content-path.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import { World } from './records-world.ts';

const object = (content: string, chunks: string | null = null) => ({
  digest: digestOf(content),
  size: content.length,
  chunks: chunks === null ? null : digestOf(chunks),
});
const digests = (...contents: string[]) => contents.map(digestOf).sort();

/** The catalog of an edge that knows two sites without a revision. */
function aheadWorld() {
  const world = new World();
  world.settings(1, 'docs');
  world.settings(2, 'blog');
  const { catalog } = world;
  /** What is left to remove after everything that can be released was. */
  const released = (since: number, now: number) => {
    while (catalog.releaseAhead({ since, now }, 2));
    return [...catalog.removals(10)].sort();
  };
  /** Makes a revision of one file active. */
  const reveal = (site: number, content: string) => {
    const root = digestOf('root');
    catalog.beginStaging(site, 1, root);
    const entry = { path: 'a' as ContentPath, ...object(content), type: 'text/plain', meta: [], time: 0 };
    catalog.stage(site, 1, [{ kind: 'put', entry }]);
    catalog.reveal(site, { revision: 1, root, seq: 1, files: 1 }, WHOLE, 0);
  };
  return { world, catalog, released, reveal };
}

t.test('what is noted counts once, with the site for which it was noted first', async (t) => {
  const { catalog } = aheadWorld();
  t.strictSame([...catalog.aheadUse()], []);
  catalog.noteAhead(1, [object('one'), object('film', 'list')], 5);
  catalog.noteAhead(1, [object('one'), object('three')], 6);
  catalog.noteAhead(2, [object('one'), object('b')], 7);
  t.strictSame(
    [...catalog.aheadUse()],
    [
      [1, { objects: 3, bytes: 12 }],
      [2, { objects: 1, bytes: 1 }],
    ],
  );
});

t.test('objects are released when the site has a revision, is deleted, or gets no more', async (t) => {
  const all = digests('a', 'b', 'film', 'list');
  type Row = [
    name: string,
    end: (known: ReturnType<typeof aheadWorld>) => void,
    since: number,
    now: number,
    left: string[],
  ];
  const table: Row[] = [
    ['nothing has happened', () => {}, 0, 10, []],
    ['the last were noted long ago', () => {}, 6, 10, all],
    ['the clock of the origin was set back', () => {}, 0, 4, all],
    ['it was deleted', ({ world }) => world.settings(1, 'docs', { deleted: true }), 0, 10, all],
    ['it has a revision', ({ reveal }) => reveal(1, 'b'), 0, 10, digests('a', 'film', 'list')],
  ];
  for (const [name, end, since, now, left] of table) {
    const known = aheadWorld();
    known.catalog.noteAhead(1, [object('a'), object('b'), object('film', 'list')], 5);
    end(known);
    t.strictSame(known.released(since, now), left, name);
    const use = left.length === 0 ? [[1, { objects: 3, bytes: 6 }]] : [];
    t.strictSame([...known.catalog.aheadUse()], use, name);
  }
});

t.test('what pruning was to remove stays while it is noted', async (t) => {
  const { catalog, released } = aheadWorld();
  catalog.noteAhead(1, [object('a')], 5);
  t.strictSame(released(6, 10), digests('a'));
  catalog.noteAhead(2, [object('a')], 10);
  t.strictSame(catalog.removals(10), []);
  t.strictSame(released(11, 12), digests('a'));
});
