import t from 'tap';
import type { HashedFile } from '../../../../../origin/client/folder/hash-files.ts';
import { planSending } from '../../../../../origin/client/folder/send-plan.ts';
import type { ContentPath } from '../../../../../shared/content/content-path.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import { SMALL_OBJECT } from '../../../../../shared/content/small-object.ts';

const file = (name: string, size: number, content = name): HashedFile => ({
  path: name as ContentPath,
  file: `/site/${name}`,
  size,
  mtimeMs: 0,
  stamp: '',
  digest: digestOf(content),
});
const names = (files: readonly HashedFile[]) => files.map(({ path }) => path as string);
const all = (files: readonly HashedFile[]) => new Set<string>(files.map(({ digest }) => digest));

t.test('small files go together, larger ones by themselves', async (t) => {
  const files = [file('a', 0), file('large', SMALL_OBJECT + 1), file('b', SMALL_OBJECT), file('c', 5)];
  const plan = planSending(files, all(files));
  t.strictSame(plan.bundles.map(names), [['a', 'b', 'c']]);
  t.strictSame(names(plan.single), ['large']);
  t.match(plan, { files: 4, bytes: 2 * SMALL_OBJECT + 6 });
});

t.test('what is not missing stays, and one content is sent once', async (t) => {
  const files = [file('a', 1), file('a2', 1, 'a'), file('here', 1), file('b', 1), file('b2', 1, 'b')];
  const plan = planSending(files, new Set<string>([digestOf('a'), digestOf('b'), digestOf('unknown')]));
  t.strictSame(plan.bundles.map(names), [['a', 'b']]);
  t.match(plan, { files: 2, bytes: 2 });
  t.strictSame(planSending(files, new Set()), { bundles: [], single: [], files: 0, bytes: 0 });
});

t.test('a bundle of one is a request that names its digest', async (t) => {
  const files = [file('alone', 7)];
  const plan = planSending(files, all(files));
  t.strictSame(plan.bundles, []);
  t.strictSame(names(plan.single), ['alone']);
});

t.test('bundles end at 8 MiB and at 4,000 objects', async (t) => {
  const many = Array.from({ length: 8001 }, (_, i) => file(`f${i}`, 1));
  const byCount = planSending(many, all(many));
  t.strictSame(
    byCount.bundles.map(({ length }) => length),
    [4000, 4000],
  );
  t.strictSame(names(byCount.single), ['f8000']);

  const big = Array.from({ length: 300 }, (_, i) => file(`f${i}`, SMALL_OBJECT));
  t.strictSame(
    planSending(big, all(big)).bundles.map(({ length }) => length),
    [128, 128, 44],
  );
});
