import t from 'tap';
import type { TSchema } from 'typebox';
import { schema } from '../../../../shared/json/schema.ts';
import { MAX_RESULT_BYTES } from '../../../../shared/log/task-result.ts';
import { pruneKind } from '../../../../shared/work/prune.ts';
import { repairKind } from '../../../../shared/work/repair.ts';
import { syncNowKind } from '../../../../shared/work/sync-now.ts';
import {
  MOST_VERIFIED,
  type VerifiedSite,
  type VerifyResult,
  verifyKind,
} from '../../../../shared/work/verify.ts';
import { type WarmResult, warmKind } from '../../../../shared/work/warm.ts';
import type { WorkKind } from '../../../../shared/work/work-kind.ts';

const site = (name: string, changes: Partial<VerifiedSite> = {}): VerifiedSite => ({
  ...{ name, revision: 5, manifest: 'sound', objects: 3, bytes: 30, damaged: 0, paths: [], repaired: false },
  ...changes,
});
const verified = (sites: VerifiedSite[], isSound = true): VerifyResult => ({
  ...{ isSound, verified: sites.length, sites, others: { objects: 1, damaged: 0 } },
});
const warmed = (changes: Partial<WarmResult> = {}): WarmResult => ({
  ...{ site: 'docs', revision: 7, held: { objects: 1, bytes: 10 }, fetched: { objects: 2, bytes: 20 } },
  ...{ left: { objects: 0, bytes: 0 }, failed: { objects: 0, bytes: 0, why: null }, more: false },
  ...changes,
});

t.test('one result stays what it is', async (t) => {
  const kinds: [WorkKind, unknown][] = [
    [verifyKind, verified([site('a'), site('b', { damaged: 1, paths: ['x'], repaired: true })])],
    [repairKind, verified([])],
    [pruneKind, { objects: 1, bytes: 2 }],
    [warmKind, warmed()],
    [syncNowKind, { sites: [{ name: 'a', revision: 1 }], more: true }],
  ];
  for (const [kind, result] of kinds) {
    t.strictSame(kind.merge?.([result]), result, kind.kind);
    schema<TSchema>(kind.result).parse(result);
  }
});

t.test('of verify: sound only if all are, sums, each site once', async (t) => {
  const broken = site('a', {
    revision: 4,
    manifest: 'mended',
    damaged: 2,
    paths: ['x', 'y'],
    repaired: true,
  });
  const worse = site('a', { manifest: 'damaged', damaged: 1, paths: ['x'] });
  t.strictSame(
    verifyKind.merge([verified([site('a'), site('b')]), verified([broken]), verified([worse], false)]),
    {
      isSound: false,
      verified: 4,
      sites: [
        {
          ...{ name: 'a', revision: 4, manifest: 'damaged', objects: 9, bytes: 90, damaged: 3 },
          ...{ paths: ['x', 'y'], repaired: false },
        },
        site('b'),
      ],
      others: { objects: 3, damaged: 0 },
    },
  );
  const [merged] = verifyKind.merge([verified([site('a')]), verified([broken])]).sites;
  t.match(merged, { manifest: 'mended', damaged: 2, repaired: true });
});

t.test('of verify: two hundred results are no larger than one may be', async (t) => {
  const results = Array.from({ length: 200 }, (_, edge) =>
    verified(
      Array.from({ length: 20 }, (_, i) =>
        site(`s-${(edge * 7 + i) % 300}`, { damaged: 1, paths: [`${edge}/${'p'.repeat(500)}`] }),
      ),
      false,
    ),
  );
  const merged = verifyKind.merge(results);
  schema(verifyKind.result).parse(merged);
  t.ok(Buffer.byteLength(JSON.stringify(merged)) <= MAX_RESULT_BYTES);
  t.equal(merged.verified, 4000);
  t.ok(merged.sites.length <= MOST_VERIFIED.sites);
});

t.test('of warm and prune: sums', async (t) => {
  t.strictSame(
    warmKind.merge([
      warmed(),
      warmed({ revision: 6, failed: { objects: 1, bytes: 5, why: 'no room' }, more: true }),
      warmed({ failed: { objects: 1, bytes: 5, why: 'another' } }),
    ]),
    {
      ...{ site: 'docs', revision: 6, held: { objects: 3, bytes: 30 }, fetched: { objects: 6, bytes: 60 } },
      ...{ left: { objects: 0, bytes: 0 }, failed: { objects: 2, bytes: 10, why: 'no room' }, more: true },
    },
  );
  t.strictSame(
    pruneKind.merge([
      { objects: 1, bytes: 2 },
      { objects: 10, bytes: 20 },
    ]),
    { objects: 11, bytes: 22 },
  );
});

t.test('of sync-now: the least revision of each site', async (t) => {
  const results = [
    {
      sites: [
        { name: 'a', revision: 3 },
        { name: 'b', revision: 1 },
      ],
      more: false,
    },
    {
      sites: [
        { name: 'a', revision: 2 },
        { name: 'c', revision: 9 },
      ],
      more: false,
    },
  ];
  t.strictSame(syncNowKind.merge(results), {
    sites: [
      { name: 'a', revision: 2 },
      { name: 'b', revision: 1 },
      { name: 'c', revision: 9 },
    ],
    more: false,
  });
  const many = Array.from({ length: 3 }, (_, edge) => ({
    ...{ sites: Array.from({ length: 50 }, (_, i) => ({ name: `s${edge}-${i}`, revision: 1 })), more: false },
  }));
  const merged = syncNowKind.merge(many);
  t.strictSame([merged.sites.length, merged.more], [100, true]);
});
