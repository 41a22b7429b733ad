import t from 'tap';
import { type EdgeRecord, joined } from '../../../../origin/fleet/edge-record.ts';
import { freshReports, verifyReports } from '../../../../origin/fleet/report-intake.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { signReceipt } from '../../../../shared/log/receipt.ts';
import { ReportChecks } from '../../../../shared/reports/report-checks.ts';
import { generateSigningKey, type SigningKey } from '../../../../shared/signing/keys.ts';
import { type SignedReport, signReport } from '../../../../shared/wire/protocol.ts';
import { edgeReport } from '../../../helpers/edge-report.ts';
import { checkersOf } from '../../../helpers/report-checkers.ts';
import { LOG, ROOT } from '../../shared/fixed-keys.ts';

const keys = { parent: generateSigningKey(), child: generateSigningKey(), out: generateSigningKey() };
const place = {
  ...{
    region: 'r',
    lat: null,
    lon: null,
    paused: false,
    drained: false,
    labels: [],
    mayRead: null,
    replaces: null,
    lastSeen: null,
    report: null,
  },
};
const edges = new Map<string, EdgeRecord>(
  Object.entries(keys).map(([name, { publicKey }]) => [
    name,
    joined({ ...place, name, publicKey, revoked: name === 'out' }),
  ]),
);
const report = (edge: string, key: SigningKey, time = 1, receiptOf?: string): SignedReport => {
  const receipt = { log: LOG, epoch: 1, site: 1, revision: 1, root: ROOT, seq: 1, since: 1, covers: 'all' };
  const signed = signReceipt({ ...receipt, edge: receiptOf ?? edge }, key);
  const statements = receiptOf === undefined ? [] : [{ kind: 'receipt', body: signed }];
  const body = edgeReport({ time, statements });
  return signReport(LOG, edge, body, key);
};
const newChecks = () => new ReportChecks(checkersOf(LOG), 'reportWithStatements', systemClock);
const checks = newChecks();
const verified = (sender: string, reports: SignedReport[]) =>
  verifyReports(checks, sender, reports, (name) => edges.get(name));
const verify = async (sender: string, reports: SignedReport[]) =>
  (await verified(sender, reports)).map(({ edge }) => edge.row.name);

t.test("what is wrong with the sender's own refuses the request", async (t) => {
  const cases: [name: string, sender: string, reports: SignedReport[], code: string][] = [
    ['none', 'parent', [], 'bad-request'],
    ['that of another first', 'parent', [report('child', keys.child)], 'bad-request'],
    ['another signer', 'parent', [report('parent', keys.child)], 'bad-request'],
    ['the receipt of another', 'parent', [report('parent', keys.parent, 1, 'child')], 'bad-request'],
    ['a revoked one', 'out', [report('out', keys.out)], 'no-such-edge'],
    ['a stranger', 'who', [report('who', keys.out)], 'no-such-edge'],
  ];
  for (const [name, sender, reports, code] of cases) await t.rejects(verify(sender, reports), { code }, name);
});

t.test('what is wrong with those that it relays costs nobody else anything', async (t) => {
  const own = report('parent', keys.parent);
  const child = report('child', keys.child, 1, 'child');
  const cases: [name: string, bad: SignedReport][] = [
    ['a stranger', report('who', keys.child)],
    ['a revoked one', report('out', keys.out)],
    ['another signer', report('child', keys.parent)],
    ['an altered text', { ...child, text: '{}' }],
    ['the receipt of another', report('child', keys.child, 1, 'parent')],
  ];
  for (const [name, bad] of cases)
    t.strictSame(await verify('parent', [own, bad, child]), ['parent', 'child'], name);
});

t.test('only the newest of its edge is fresh, when it is newer than all before', async (t) => {
  const fresh = async (...times: number[]) => {
    const all = await verified(
      'child',
      times.map((time) => report('child', keys.child, time)),
    );
    return freshReports(all).map(({ report: { time } }) => time);
  };
  t.strictSame(await fresh(5, 5, 4, 6), [6]);
  t.strictSame(await fresh(6, 5), []);
  t.strictSame(await fresh(7, 7), [7]);
});
