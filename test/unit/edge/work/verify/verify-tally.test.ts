import t from 'tap';
import { VerifyTally } from '../../../../../edge/work/verify/verify-tally.ts';
import { schema } from '../../../../../shared/json/schema.ts';
import { MAX_REPORT_BYTES } from '../../../../../shared/wire/protocol.ts';
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
  const sites = Array.from({ length: 3 * MOST_VERIFIED.sites }, (_, i) =>
    site(`s${i}`, i > MOST_VERIFIED.sites && i % 10 === 0 ? { damaged: 1 } : {}),
  );
  const { verified, sites: named, isSound } = resultOf(sites);
  t.equal(verified, sites.length);
  t.equal(named.length, MOST_VERIFIED.sites);
  t.equal(
    named.filter(({ damaged }) => damaged > 0).length,
    sites.filter(({ damaged }) => damaged > 0).length,
  );
  t.notOk(isSound);
  const faulty = Array.from({ length: 2 * MOST_VERIFIED.sites }, (_, i) => site(`s${i}`, { damaged: 1 }));
  t.equal(resultOf(faulty).sites.length, MOST_VERIFIED.sites, 'of too many of these the first');
});

t.test('the largest result fits into a report', async (t) => {
  const tally = new VerifyTally();
  const path = '"'.repeat(1024);
  for (let i = 0; i < 2 * MOST_VERIFIED.sites; i++) {
    const paths = Array.from({ length: Math.min(7, tally.pathsLeft) }, () => path);
    tally.add(site('s'.repeat(63), { manifest: 'damaged', damaged: 1e9, bytes: 1e15, paths }));
  }
  t.equal(tally.pathsLeft, 0);
  const result = schema(verifyKind.result).parse(tally.result(OTHERS));
  // As text in the JSON of a report.
  t.ok(JSON.stringify(JSON.stringify(result)).length < MAX_REPORT_BYTES);
});
