import t from 'tap';
import { VerifyTally } from '../../../../../edge/work/verify/verify-tally.ts';
import { schema } from '../../../../../shared/json/schema.ts';
import { MAX_RESULT_BYTES } from '../../../../../shared/log/task-result.ts';
import { MOST_VERIFIED, type VerifiedSite, verifyKind } from '../../../../../shared/work/verify.ts';

const OTHERS = { objects: 0, damaged: 0 };
const site = (name: string, more: Partial<VerifiedSite> = {}): VerifiedSite => ({
  ...{ name, revision: 1, manifest: 'sound', objects: 1, bytes: 1, damaged: 0, paths: [], repaired: false },
  ...more,
});
const resultOf = (sites: readonly VerifiedSite[]) => {
  const tally = new VerifyTally();
  for (const one of sites) tally.add(one);
  return tally.result(OTHERS);
};

t.test('what is sound', async (t) => {
  const table: [string, readonly VerifiedSite[], boolean][] = [
    ['nothing', [], true],
    ['sites in which nothing was found', [site('a'), site('b')], true],
    ['a mended manifest', [site('a', { manifest: 'mended' })], true],
    ['a damaged one', [site('a', { manifest: 'damaged' }), site('b')], false],
    ['damaged files', [site('a', { damaged: 1 }), site('b')], false],
    ['damaged files that were fetched again', [site('a', { damaged: 1, repaired: true })], true],
  ];
  for (const [name, sites, isSound] of table) {
    const result = resultOf(sites);
    t.equal(result.isSound, isSound, name);
    t.strictSame([result.verified, result.sites], [sites.length, sites], name);
  }
});

t.test('of many sites those with faults are named', async (t) => {
  const sites = Array.from({ length: 300 }, (_, i) =>
    site(`s${i}`, i > 150 && i % 10 === 0 ? { damaged: 1 } : {}),
  );
  const { verified, sites: named, isSound } = resultOf(sites);
  t.equal(verified, sites.length);
  t.ok(named.length > 50 && named.length < 150, `${named.length} sites`);
  t.equal(
    named.filter(({ damaged }) => damaged > 0).length,
    sites.filter(({ damaged }) => damaged > 0).length,
  );
  t.notOk(isSound);
  const faulty = Array.from({ length: 300 }, (_, i) => site(`s${i}`, { damaged: 1 }));
  t.equal(resultOf(faulty).sites.at(0)?.name, 's0', 'of too many of these the first');
});

t.test('the largest result is one that a statement holds', async (t) => {
  for (const path of ['"'.repeat(1024), '\u0001'.repeat(1024), '€'.repeat(340), 'a']) {
    const tally = new VerifyTally();
    for (let i = 0; i < 2 * MOST_VERIFIED.sites; i++) {
      const paths = Array.from({ length: Math.min(7, tally.pathsLeft) }, () => path);
      tally.add(site(`${'s'.repeat(58)}-${i}`, { manifest: 'damaged', damaged: 1e9, bytes: 1e15, paths }));
    }
    const others = { objects: 1e12, damaged: 1e12 };
    const result = schema(verifyKind.result).parse(tally.result(others));
    const bytes = Buffer.byteLength(JSON.stringify(result));
    t.ok(bytes <= MAX_RESULT_BYTES, `${bytes} bytes`);
    t.ok(result.sites.some(({ paths }) => paths.length > 0));
  }
});
