import { pino } from 'pino';
import t from 'tap';
import type { ReplicaStatus, SiteStatus } from '../../../../../edge/report/replica-status.ts';
import { thisMachine } from '../../../../../edge/work/report-state/machine.ts';
import { type EdgeState, reportState } from '../../../../../edge/work/report-state/report-state.ts';
import { schema } from '../../../../../shared/json/schema.ts';
import { MAX_RESULT_BYTES } from '../../../../../shared/log/task-result.ts';
import { NewestLines } from '../../../../../shared/process/newest-lines.ts';
import { NO_LIMITS } from '../../../../../shared/wire/protocol.ts';
import { reportStateKind } from '../../../../../shared/work/report-state.ts';

const site = (name: string, changes: Partial<SiteStatus> = {}): SiteStatus => ({
  ...{ id: 1, name, revision: 2, target: 2, prepared: 0, pendingBytes: 0, error: null, needsLease: false },
  aliases: [],
  ...changes,
});
const status = (changes: Partial<ReplicaStatus> = {}): ReplicaStatus => ({
  ...{
    position: 9,
    head: 9,
    parent: null,
    upstream: 'http://origin.test',
    isPaused: false,
    isDrained: false,
    leaseSeconds: 5,
  },
  ...{ clockOffset: 3, sites: [], faults: [], contactSeconds: 1, isRefused: false, isDiverged: false },
  ...changes,
});
const state = (changes: Partial<EdgeState> = {}): EdgeState => ({
  ...{ status: status(), storage: null, limits: NO_LIMITS, lines: [], machine: thisMachine() },
  ...changes,
});
const results = schema(reportStateKind.result);

t.test('a bundle describes the edge', async (t) => {
  const result = reportState(
    state({
      status: status({ sites: [site('a'), site('b', { target: 3 }), site('c', { error: 'no room' })] }),
      limits: {
        ...NO_LIMITS,
        sites: ['a', 'b', 'c'],
        schedule: { cron: '0 3 * * *', timezone: 'UTC', minutes: 60 },
      },
      lines: ['first', 'second'],
    }),
  );
  t.match(results.parse(result), {
    versions: { node: process.versions.node, sqlite: /^3\./ },
    limits: { sites: 3, prefixes: null, schedule: '0 3 * * *, UTC, 60' },
    status: { position: 9, upstream: 'http://origin.test' },
    siteCount: 3,
    sites: [{ name: 'b' }, { name: 'c', error: 'no room' }, { name: 'a' }],
    lines: ['first', 'second'],
  });
});

t.test('the largest fits into a result, and the newest goes along', async (t) => {
  const nasty = '"\\\u0001€'.repeat(500);
  const result = reportState(
    state({
      status: status({
        upstream: `https://${'u'.repeat(250)}.test`,
        sites: Array.from({ length: 5000 }, (_, i) =>
          site(`${'s'.repeat(58)}${i}`, { error: nasty, pendingBytes: Number.MAX_SAFE_INTEGER }),
        ),
        faults: Array.from({ length: 20 }, (_, time) => ({
          ...{ time, code: 'c'.repeat(40), message: nasty.slice(0, 500), upstream: nasty.slice(0, 300) },
        })),
      }),
      limits: { ...NO_LIMITS, sites: Array.from({ length: 2048 }, () => 's'.repeat(63)) },
      lines: Array.from({ length: 200 }, (_, i) => `${i} ${nasty.slice(0, 60)}`),
    }),
  );
  results.parse(result);
  const bytes = Buffer.byteLength(JSON.stringify(result));
  t.ok(bytes <= MAX_RESULT_BYTES, `${bytes} bytes`);
  t.ok(result.lines.length > 20);
  t.match(result.lines.at(-1), /^199 /);
  t.equal(result.faults.at(-1)?.time, 19);
});

t.test('no secret is in it, wherever it was planted', async (t) => {
  const secret = 'hunter2hunter2';
  const newest = new NewestLines();
  const log = pino({ level: 'info' }, { write: (line: string) => newest.add(line) });
  log.warn({ headers: { authorization: `Bearer ${secret}` } }, 'x');
  log.warn({ err: new Error(`GET /private.mp4?skerry-token=${secret} failed`) }, 'y');
  log.warn({ deep: { password: secret } }, `token=${secret}`);
  const result = reportState(
    state({
      status: status({
        upstream: `https://me:${secret}@parent.test`,
        sites: [site('a', { error: `https://s3.test/x?X-Amz-Signature=${secret}` })],
        faults: [{ time: 1, code: 'c', message: `sk_${secret}`, upstream: `http://a.test/?t=${secret}` }],
      }),
      lines: newest.list(),
    }),
  );
  t.equal(result.lines.length, 3);
  t.notOk(JSON.stringify(result).includes(secret));
});
