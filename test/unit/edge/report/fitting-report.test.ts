import t from 'tap';
import { fittingReport, reportedSites } from '../../../../edge/report/fitting-report.ts';
import type { SiteStatus } from '../../../../edge/report/replica-status.ts';
import { signHead } from '../../../../shared/log/head.ts';
import { signPurgeReceipt } from '../../../../shared/log/purge-receipt.ts';
import { signReceipt } from '../../../../shared/log/receipt.ts';
import { MAX_STATEMENT_BYTES } from '../../../../shared/log/statement-kind.ts';
import type { Statement } from '../../../../shared/log/statements.ts';
import { generateSigningKey } from '../../../../shared/signing/keys.ts';
import {
  edgeReports,
  MAX_REPORT_BYTES,
  MAX_REPORTED_SITES,
  MAX_REPORTS_BYTES,
  MOST_COUNTED_SITES,
  MOST_REPORTED_ALIASES,
  reportBytes,
  type SiteCounts,
} from '../../../../shared/wire/protocol.ts';
import { MOST_ASSIGNMENTS } from '../../../../shared/work/assignment.ts';

const key = generateSigningKey();
const self = { name: 'n'.repeat(63), log: '1'.repeat(32), key };
const MOST = 999_999_999;

const site = (id: number, changes: Partial<SiteStatus> = {}): SiteStatus => ({
  ...{ id, name: 'a', revision: 1, target: 1, prepared: 0, pendingBytes: 0, error: null, needsLease: false },
  aliases: [],
  ...changes,
});
const receipt: Statement = {
  kind: 'receipt',
  body: signReceipt(
    {
      ...{ log: self.log, epoch: 1, edge: self.name, site: 9_999_999, revision: 9_999_999 },
      ...{ root: 'f'.repeat(64), seq: 999_999_999, since: 1_800_000_000_000, covers: 'all' },
    },
    key,
  ),
};
const purge: Statement = {
  kind: 'purge-receipt',
  body: signPurgeReceipt(
    {
      ...{ log: self.log, epoch: 1, edge: self.name, site: 9_999_999, seq: 999_999_999 },
      ...{ matched: 9_999_999, since: 1_800_000_000_000 },
    },
    key,
  ),
};
const head = signHead(
  { log: self.log, epoch: 1, seq: 999_999_999, hash: 'f'.repeat(64), time: 1_800_000_000_000 },
  key,
);
const report = (sites: readonly SiteStatus[]) => ({
  ...{
    time: 1_800_000_000_000,
    position: 999_999_999,
    hash: 'f'.repeat(64),
    head,
    version: '1.2.3',
    parent: self.name,
  },
  limits: { sites: null, prefixes: null, delay: 0, rate: null, schedule: null, storage: 'full' as const },
  use: {
    ...{
      contactSeconds: 99_999.9,
      memory: 9e12,
      cpu: 99_999_999.99,
      requests: 9e15,
      errors: 9e15,
      misses: 9e15,
    },
    ...{ disk: { free: 9e15, total: 9e15 }, files: { open: 999_999, most: 999_999 } },
    sites: Array.from(
      { length: MOST_COUNTED_SITES },
      (): SiteCounts => [9_999_999, 9_999_999, 9e12, 9e12, 9e15],
    ),
  },
  sites: reportedSites(sites),
  faults: Array.from({ length: 20 }, () => ({
    ...{ time: 1_800_000_000_000, code: 'upstream-protocol', message: 'm'.repeat(250) },
    upstream: 'https://parent.example.test:7404',
  })),
  tasks: {
    kinds: Array.from({ length: 20 }, () => 'k'.repeat(40)),
    assignments: 'f'.repeat(64),
    running: Array.from({ length: MOST_ASSIGNMENTS }, () => ({
      ...{
        task: MOST,
        share: MOST,
        attempt: MOST,
        nonce: 'n'.repeat(22),
        objects: MOST,
        bytes: Number.MAX_SAFE_INTEGER,
      },
    })),
  },
});

t.test('a small report takes all statements', async (t) => {
  const unsent = [receipt, receipt, purge];
  const { own, taken } = fittingReport(self, report([site(1)]), unsent);
  t.strictSame(taken, unsent);
  t.strictSame(edgeReports.parseText(own.text).statements, unsent);
});

t.test('the largest report fits, and beside it the largest that it could relay', async (t) => {
  const changes = { revision: 9_999_999, target: 9_999_999, prepared: 9_999_999, pendingBytes: 1e12 };
  const failing = { ...changes, error: '"\\\u0001'.repeat(200) };
  const alias = (i: number) => ({ name: 'a'.repeat(40), revision: 9_999_999, seq: MOST - i });
  for (const status of [changes, failing]) {
    const sites = Array.from({ length: 2 * MAX_REPORTED_SITES }, (_, i) =>
      site(MOST - i, { ...status, aliases: [alias(i)] }),
    );
    const unsent = Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? receipt : purge));
    const { own, taken } = fittingReport(self, report(sites), unsent);
    t.ok(reportBytes(own) <= MAX_REPORT_BYTES, `${reportBytes(own)} bytes`);
    t.ok(taken.length > 0, `${taken.length} statements go along`);
    const room = MAX_REPORT_BYTES - reportBytes(fittingReport(self, report(sites), []).own);
    t.ok(
      room > 2 * MAX_STATEMENT_BYTES + 200,
      `the largest statement fits into ${room} bytes, whatever it escapes`,
    );
    t.equal(edgeReports.parseText(own.text).sites.length, MAX_REPORTED_SITES, 'the receiver takes it');
  }
  t.ok(2 * MAX_REPORT_BYTES + 4096 <= MAX_REPORTS_BYTES);
});

t.test('of too many aliases those that were set last are named', async (t) => {
  const names = (from: number) =>
    Array.from({ length: 100 }, (_, i) => ({ name: `pr-${from + i}`, revision: 2, seq: from + i + 1 }));
  const sites = [
    site(1, { aliases: names(0) }),
    ...[1, 2, 3, 4, 5].map((i) => site(i + 1, { aliases: names(100 * i) })),
  ];
  const reported = reportedSites([...sites, site(9)]);
  t.equal(reported[0]?.aliases, undefined);
  t.strictSame(reported[5]?.aliases?.at(-1), ['pr-599', 2]);
  t.equal(reported.flatMap(({ aliases = [] }) => aliases).length, MOST_REPORTED_ALIASES);
  t.notOk('aliases' in (reported[6] ?? {}));
});

t.test('the errors of failing sites share their room', async (t) => {
  const error = 'e'.repeat(500);
  const lengths = (failing: number) => {
    const sites = Array.from({ length: 1000 }, (_, i) => site(i, i < failing ? { error } : {}));
    return new Set(reportedSites(sites).map((one) => one.error?.length));
  };
  t.strictSame(lengths(1), new Set([200, undefined]), 'sound sites take none of it');
  t.strictSame(lengths(100), new Set([30, undefined]));
});

t.test('a statement that does not fit holds none back', async (t) => {
  const covers = 'a'.repeat(MAX_REPORT_BYTES);
  const large: Statement = { kind: 'receipt', body: { ...receipt.body, covers } };
  const { own, taken } = fittingReport(self, report([site(1)]), [large, receipt, purge]);
  t.strictSame(taken, [receipt, purge]);
  t.ok(reportBytes(own) <= MAX_REPORT_BYTES);
});

t.test('of too many sites those that are on their way are named', async (t) => {
  const sites = Array.from({ length: MAX_REPORTED_SITES + 10 }, (_, i) => site(i + 1));
  const moving = [site(10_001, { target: 2 }), site(10_002, { prepared: 3 }), site(10_003, { error: 'x' })];
  const named = reportedSites([...sites, ...moving]);
  t.equal(named.length, MAX_REPORTED_SITES);
  t.strictSame(
    named.slice(0, 3).map((one) => one.site),
    [10_001, 10_002, 10_003],
  );
});
