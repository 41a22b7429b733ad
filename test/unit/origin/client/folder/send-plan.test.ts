import t from 'tap';
import type { HashedFile } from '../../../../../origin/client/folder/hash-files.ts';
import { type Parcel, SendPlan } from '../../../../../origin/client/folder/send-plan.ts';
import type { ContentPath } from '../../../../../shared/content/content-path.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import { SMALL_OBJECT } from '../../../../../shared/content/small-object.ts';

const file = (name: string, size: number, content = name): HashedFile => ({
  path: name as ContentPath,
  file: `/site/${name}`,
  size,
  stamp: '',
  digest: digestOf(content),
});
const names = (files: readonly HashedFile[]) => files.map(({ path }) => path as string);
const planned = (files: readonly HashedFile[]) => {
  const plan = new SendPlan();
  return { parcels: [...plan.add(files), ...plan.end()], files: plan.files, bytes: plan.bytes };
};

t.test('small files go together, larger ones by themselves', async (t) => {
  const files = [file('a', 0), file('large', SMALL_OBJECT + 1), file('b', SMALL_OBJECT), file('c', 5)];
  const plan = planned(files);
  t.strictSame(plan.parcels.map(names), [['large'], ['a', 'b', 'c']]);
  t.match(plan, { files: 4, bytes: 2 * SMALL_OBJECT + 6 });
});

t.test('one content is sent once', async (t) => {
  const plan = planned([file('a', 1), file('a2', 1, 'a'), file('b', 1), file('b2', 1, 'b')]);
  t.strictSame(plan.parcels.map(names), [['a', 'b']]);
  t.match(plan, { files: 2, bytes: 2 });
  t.strictSame(planned([]), { parcels: [], files: 0, bytes: 0 });
});

t.test('files that become known later fill the request that is not full', async (t) => {
  const plan = new SendPlan();
  t.strictSame(plan.add([file('a', 1)]), []);
  t.strictSame(plan.add([file('b', 1), file('a2', 1, 'a')]), []);
  t.strictSame(plan.end().map(names), [['a', 'b']]);
  t.strictSame(plan.end(), []);
});

t.test('a request ends at 8 MiB and at 4,000 objects', async (t) => {
  const many = Array.from({ length: 8001 }, (_, i) => file(`f${i}`, 1));
  const sizes = (parcels: readonly Parcel[]) => parcels.map((parcel) => parcel.length);
  t.strictSame(sizes(planned(many).parcels), [4000, 4000, 1]);

  const big = Array.from({ length: 300 }, (_, i) => file(`f${i}`, SMALL_OBJECT));
  t.strictSame(sizes(planned(big).parcels), [128, 128, 44]);
});
