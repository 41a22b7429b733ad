import t from 'tap';
import { FailedUploads } from '../../../../origin/reconcile/failed-uploads.ts';
import { digestOf } from '../../../../shared/content/digest.ts';

const DAY_MS = 24 * 3_600_000;
const digests = Array.from({ length: 100 }, (_, i) => digestOf(`${i}`));
const edges = Array.from({ length: 1200 }, (_, i) => `edge-${i}`);

t.test('in a large fleet, all edges end up asked', async (t) => {
  const failed = new FailedUploads({ monotonic: () => 0 });
  for (const edge of edges) for (const digest of digests) failed.add(edge, digest);
  t.ok(digests.every((digest) => failed.of(digest).size === edges.length));
});

t.test('the failures of an object are forgotten together', async (t) => {
  const failed = new FailedUploads({ monotonic: () => 0 });
  const many = Array.from({ length: 900 }, (_, i) => digestOf(`${i}`));
  for (const digest of many) for (const edge of edges) failed.add(edge, digest);
  const sizes = new Set(many.map((digest) => failed.of(digest).size));
  t.strictSame(sizes, new Set([0, edges.length]));
  t.equal(failed.of(digestOf('899')).size, edges.length, 'the newest stay');
});

t.test(
  'an edge is asked again when it comes online, when the object was sound, and after a day',
  async (t) => {
    let now = 0;
    const failed = new FailedUploads({ monotonic: () => now });
    const [one, two] = [digestOf('one'), digestOf('two')];
    for (const digest of [one, two]) for (const edge of ['oslo', 'rome']) failed.add(edge, digest);
    now = DAY_MS - 1;
    failed.forgive(['rome']);
    t.strictSame([...failed.of(one)], ['oslo']);
    failed.forget(one);
    t.equal(failed.of(one).size, 0);
    now = DAY_MS;
    t.equal(failed.of(two).size, 0);
    failed.add('rome', two);
    t.strictSame([...failed.of(two)], ['rome']);
  },
);
