import t from 'tap';
import { toDigest } from '../../../../shared/content/digest.ts';
import { type Receipt, signReceipt } from '../../../../shared/log/receipt.ts';
import { signTaskResult } from '../../../../shared/log/task-result.ts';
import { type Checked, type Claimed, openReportCheck } from '../../../../shared/reports/report-check.ts';
import { ReportChecks } from '../../../../shared/reports/report-checks.ts';
import { generateSigningKey, type SigningKey } from '../../../../shared/signing/keys.ts';
import type { EdgeReport } from '../../../../shared/wire/protocol.ts';
import { type SignedReport, signReport } from '../../../../shared/wire/protocol.ts';
import { edgeReport } from '../../../helpers/edge-report.ts';
import { asRemote } from '../../../helpers/in-process.ts';
import { edgeKey, LOG, ROOT } from '../fixed-keys.ts';

const receiptsOf = (count: number, edge = 'oslo', key: SigningKey = edgeKey): Receipt[] =>
  Array.from({ length: count }, (_, i) =>
    signReceipt(
      { ...{ log: LOG, epoch: 1, edge, site: 1, revision: i, root: ROOT }, seq: i, since: 1, covers: 'all' },
      key,
    ),
  );
const reported = (time: number, receipts: Receipt[], edge = 'oslo', key = edgeKey): SignedReport =>
  signReport(
    LOG,
    edge,
    edgeReport({ time, statements: receipts.map((body) => ({ kind: 'receipt', body })) }),
    key,
  );
const claimed = (signed: SignedReport, newest = 0, key = edgeKey): Claimed => ({
  signed,
  key: key.publicKey,
  newest,
});

t.test(
  'statements of kinds that are not known here are passed over, malformed ones of others refused',
  async (t) => {
    const check = openReportCheck(LOG);
    const [receipt] = receiptsOf(1);
    const signedWith = (statements: EdgeReport['statements']) =>
      claimed(signReport(LOG, 'oslo', edgeReport({ time: 1, statements }), edgeKey));
    const known = { kind: 'receipt', body: receipt ?? {} };
    t.match(check.reportWithStatements(signedWith([{ kind: 'later-kind', body: { any: 'thing' } }, known])), {
      statements: [known],
      isFresh: true,
    });
    t.match(check.reportWithStatements(signedWith([{ kind: 'receipt', body: { ...receipt, root: 'x' } }])), {
      refused: /root/,
      isSigned: true,
    });
    const result = signTaskResult(
      {
        log: LOG,
        epoch: 1,
        edge: 'oslo',
        ...{ task: 7, share: 0, attempt: 1, nonce: 'n'.repeat(22) },
        outcome: 'done',
        time: 1,
        result: '{}',
      },
      edgeKey,
    );
    const done = { kind: 'task-result', body: result };
    t.match(check.reportWithStatements(signedWith([done])), { statements: [done], isFresh: true });
    for (const change of [{ edge: 'bergen' }, { log: 'f'.repeat(32) }, { result: '[]' }, { task: 8 }])
      t.match(
        check.reportWithStatements(signedWith([{ kind: 'task-result', body: { ...result, ...change } }])),
        { refused: /./, isSigned: true },
        JSON.stringify(change),
      );
  },
);

t.test('a report of more than there may be is refused before its parts are looked at', async (t) => {
  const check = openReportCheck(LOG);
  const junk = (count: number): unknown[] => Array.from({ length: count }, () => ({}));
  const refusal = (parts: object) =>
    check.report(claimed(signReport(LOG, 'oslo', { ...edgeReport({ time: 1 }), ...parts }, edgeKey)));
  t.match(refusal({ statements: junk(1001) }), { refused: /statements must not have more than 1000 items/ });
  t.match(refusal({ sites: junk(4501) }), { refused: /sites must not have more than 4500 items/ });
  const { limits } = edgeReport({ time: 1 });
  t.match(refusal({ limits: { ...limits, sites: junk(2049) } }), { refused: /limits\/sites must not/ });
  t.match(refusal({ statements: junk(200_000) }), { refused: /more than 100000 values/, isSigned: true });
});

t.test('receipts cost little when they are known, and nothing in an old report', async (t) => {
  const check = openReportCheck(LOG);
  const [first, again] = [reported(1, receiptsOf(100)), reported(2, receiptsOf(100))];
  const costs = [claimed(first), claimed(again), claimed(again, 2)].map((one) =>
    Math.floor(check.reportWithStatements(one).cost),
  );
  t.ok((costs[0] ?? 0) > 100 && (costs[1] ?? 0) < 10 && (costs[2] ?? 0) < 5, 'in signatures', { costs });
  t.ok(check.report(claimed(first)).cost < 5, 'nor at a parent');
});

t.test('what is not signed by its edge is refused, and costs what it took to see', async (t) => {
  const check = openReportCheck(LOG);
  const other = generateSigningKey();
  const bad = [...receiptsOf(3), ...receiptsOf(1, 'oslo', other)];
  t.match(check.reportWithStatements(claimed(reported(1, bad))), {
    refused: /a statement is not signed by oslo/,
    isSigned: true,
  });
  t.ok(check.reportWithStatements(claimed(reported(2, bad))).cost > 2);
  t.match(check.report(claimed(reported(1, []), 0, other)), {
    refused: /is not signed/,
    isSigned: false,
  });
  t.match(check.reportWithStatements(claimed(reported(1, receiptsOf(1, 'bergen')))), {
    refused: /a statement is not signed/,
  });
});

t.test('each pays for what it signed, and a sender for what nobody did', async (t) => {
  let now = 0;
  const clock = { now: () => now, monotonic: () => now, sleep: async () => {} };
  let asked = 0;
  const keys = new Map(['parent', 'child', 'flood', 'liar'].map((name) => [name, generateSigningKey()]));
  const keyOf = (name: string) => keys.get(name) ?? edgeKey;
  const atHand = {
    report: ({ signed }: Claimed): Checked => {
      asked++;
      if (signed.edge === 'liar') return { refused: 'a receipt', isSigned: true, cost: 15_000 };
      const isFresh = signed.sig !== 'none';
      const cost = signed.edge === 'flood' || !isFresh ? 15_000 : 1;
      return isFresh
        ? { report: {} as never, statements: [], digest: toDigest(ROOT), isFresh, cost }
        : { refused: 'no', isSigned: false, cost };
    },
    reportWithStatements: (_: Claimed): Checked => ({ refused: 'not asked for', isSigned: false, cost: 0 }),
  };
  const checks = new ReportChecks({ atHand, apart: asRemote(atHand) }, 'report', clock);
  const of = async (...edges: string[]) => {
    const reports = edges.map((edge) => {
      const [name = '', sig] = edge.split(' ');
      const signed = reported(1, [], name, keyOf(name));
      return claimed(sig === undefined ? signed : { ...signed, sig }, 0, keyOf(name));
    });
    const checked = await checks.of('parent', reports);
    return checked.map((one) => (one === undefined ? 'left out' : 'report' in one ? 'ok' : 'refused'));
  };
  t.strictSame(await of('parent', 'flood', 'flood', 'flood', 'child'), ['ok', 'ok', 'ok', 'left out', 'ok']);
  t.equal(asked, 4);
  t.strictSame(
    await of('parent', 'liar', 'liar', 'liar', 'child'),
    ['ok', 'refused', 'refused', 'left out', 'ok'],
    'a signed lie is paid for by its signer, not by the parent that cannot tell',
  );
  t.strictSame(await of('parent', 'child none', 'child'), ['ok', 'refused', 'ok'], 'no one pays for another');
  t.strictSame(await of('parent', 'child none', 'child'), ['ok', 'refused', 'ok']);
  await t.rejects(of('parent'), { code: 'too-many-requests' }, 'but whoever sends it does');
  now += 60_000;
  t.strictSame(await of('parent', 'flood', 'child'), ['ok', 'ok', 'ok'], 'for a while');
});

t.test(
  'small reports are checked at hand, as many as an edge sends, and all others in a thread',
  async (t) => {
    let now = 0;
    const clock = { now: () => now, monotonic: () => now, sleep: async () => {} };
    const check = openReportCheck(LOG);
    const counted = { atHand: 0, apart: 0 };
    const counting = (place: keyof typeof counted) => ({
      report: (one: Claimed) => {
        counted[place]++;
        return check.report(one);
      },
      reportWithStatements: check.reportWithStatements,
    });
    const checkers = { atHand: counting('atHand'), apart: asRemote(counting('apart')) };
    const checks = new ReportChecks(checkers, 'report', clock);
    const small = claimed(reported(1, receiptsOf(3)));
    const large = claimed(reported(1, receiptsOf(40)));
    await checks.of('oslo', [small, large, small]);
    t.strictSame(counted, { atHand: 2, apart: 1 });
    for (let i = 0; i < 100; i++) await checks.of('oslo', [small]);
    t.ok(
      counted.atHand < 60 && counted.apart > 40,
      'one that sends without end waits for the thread',
      counted,
    );
    const { atHand } = counted;
    await checks.of('bergen', [small]);
    t.equal(counted.atHand, atHand + 1, 'others do not');
    now += 2000;
    await checks.of('oslo', [small]);
    t.equal(counted.atHand, atHand + 2, 'nor it, at the pace of an edge');
  },
);
