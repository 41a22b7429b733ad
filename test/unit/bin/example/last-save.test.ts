import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { LastSave, type Save } from '../../../../bin/example/last-save.ts';
import type { DiffLine, RevisionWithReceipts } from '../../../../shared/wire/api.ts';
import { turnedClock } from '../../../helpers/turned-clock.ts';
import { until } from '../../../helpers/until.ts';

const COMMITTED = 1_800_000_000_000;
const DIGEST = 'a'.repeat(64);

const receipt = (edge: string, since: number) => ({
  ...{ log: 'log', epoch: 1, edge, site: 1, revision: 2, root: DIGEST, seq: 3, since, covers: 'all' },
  sig: '',
});

/** Of two edges; `took` is called with the moment from which the bytes of an edge are asked for. */
async function following(t: Test, changed: readonly DiffLine[]) {
  const folder = join(t.testdir({}), 'site');
  await mkdir(folder);
  const receipts: RevisionWithReceipts['receipts'] = [];
  const clock = turnedClock();
  const stop = new AbortController();
  t.teardown(() => stop.abort());
  const asked: number[] = [];
  const diffs: string[] = [];
  const lastSave = new LastSave({
    client: {
      revision: async (_site, revision) => ({
        ...{ revision, seq: 3, root: DIGEST, base: revision - 1, files: 1, bytes: 1, message: '' },
        ...{ time: COMMITTED, restores: null, live: true, mode: 'async', state: 'activated', pinned: false },
        receipts: receipts.filter((one) => one.revision === revision),
      }),
      async *diff(_site, from, to) {
        diffs.push(`${from} ${to}`);
        yield* changed;
      },
    },
    ...{ site: 'example', folder, clock, signal: stop.signal },
    lines: new Map(
      ['edge-1', 'edge-2'].map((edge, i) => [
        edge,
        {
          since: (from: number) => {
            asked.push(from);
            return 1000 * (i + 1);
          },
        },
      ]),
    ),
  });
  const saved = (what: string, probe: (save: Save) => boolean) =>
    until(what, () => lastSave.save !== null && probe(lastSave.save) && lastSave.save);
  return { lastSave, receipts, folder, saved, asked, diffs, clock };
}

const CHANGED: DiffLine[] = [
  { change: 'modified', path: 'index.html', digest: DIGEST, size: 5000 },
  { change: 'deleted', path: 'old.css' },
];

const added = { change: 'added', digest: DIGEST } as const;

t.test('tells of a save by the receipts of the edges, as they come', async (t) => {
  const { lastSave, receipts, folder, saved, asked, diffs } = await following(t, CHANGED);
  await writeFile(join(folder, 'index.html'), 'new');
  await utimes(join(folder, 'index.html'), COMMITTED / 1000, (COMMITTED - 80) / 1000);
  t.equal(lastSave.save, null);
  lastSave.committed({ revision: 2, unchanged: false });
  t.strictSame(await saved('the save', () => true), {
    ...{ revision: 2, files: ['index.html', 'old.css'], fileCount: 2, fileBytes: 5000 },
    arrivals: [
      { edge: 'edge-1', ms: null, bytes: null },
      { edge: 'edge-2', ms: null, bytes: null },
    ],
  });
  receipts.push(receipt('edge-2', COMMITTED + 20), receipt('stranger', COMMITTED));
  const [first, second] = (await saved('a receipt', ({ arrivals }) => arrivals[1]?.ms !== null)).arrivals;
  t.match(first, { ms: null });
  t.strictSame(second, { edge: 'edge-2', ms: 100, bytes: 2000 });
  receipts.push(receipt('edge-1', COMMITTED - 500));
  const whole = await saved('both receipts', ({ arrivals }) => arrivals[0]?.ms !== null);
  t.strictSame(whole.arrivals[0], { edge: 'edge-1', ms: 0, bytes: 1000 }, 'never before the save');
  t.strictSame(asked, [COMMITTED - 80, COMMITTED - 80], 'each edge is counted once, from the save on');
  t.strictSame(diffs, ['1 2']);
});

t.test('a file that is older than its commit was saved by the commit', async (t) => {
  const { lastSave, receipts, folder, saved } = await following(t, CHANGED);
  await writeFile(join(folder, 'index.html'), 'moved here');
  await utimes(join(folder, 'index.html'), 1, 1);
  receipts.push(receipt('edge-1', COMMITTED + 30));
  lastSave.committed({ revision: 2, unchanged: false });
  t.match(await saved('the save', () => true), { arrivals: [{ ms: 30 }, { ms: null }] });
});

t.test('the newest save is told of, and one that changed nothing is none', async (t) => {
  const { lastSave, receipts, saved } = await following(t, []);
  lastSave.committed({ revision: 2, unchanged: false });
  lastSave.committed({ revision: 3, unchanged: false });
  await saved('revision 3', ({ revision }) => revision === 3);
  receipts.push(receipt('edge-1', COMMITTED));
  lastSave.committed({ revision: 3, unchanged: true });
  receipts.push({ ...receipt('edge-1', COMMITTED + 7), revision: 3 });
  t.match(await saved('its receipt', ({ arrivals }) => arrivals[0]?.ms !== null), {
    revision: 3,
    arrivals: [{ ms: 7 }, { ms: null }],
  });
});

t.test('a save of many files names the first ones and counts all', async (t) => {
  const many = Array.from({ length: 150 }, (_, i) => ({ ...added, path: `${i}.txt`, size: 2 }));
  const { lastSave, saved } = await following(t, many);
  lastSave.committed({ revision: 2, unchanged: false });
  const save = await saved('the save', () => true);
  t.match(save, { fileCount: 150, fileBytes: 300 });
  t.equal(save.files.length, 100);
});

t.test('an edge that signs nothing is not waited for for ever', async (t) => {
  const { lastSave, receipts, saved, clock } = await following(t, CHANGED);
  lastSave.committed({ revision: 2, unchanged: false });
  await saved('the save', () => true);
  clock.advance(60_000);
  receipts.push(receipt('edge-1', COMMITTED));
  await saved('the last look', ({ arrivals }) => arrivals[0]?.ms === 0);
});
