import t from 'tap';
import { Children } from '../../../../edge/feed/children.ts';
import { systemClock } from '../../../../shared/clock.ts';
import type { Payload } from '../../../../shared/log/record-kinds.ts';
import { ReportChecks } from '../../../../shared/reports/report-checks.ts';
import { generateSigningKey, type SigningKey } from '../../../../shared/signing/keys.ts';
import type { EdgeReport, ReportAnswer, SignedReport } from '../../../../shared/wire/protocol.ts';
import { MAX_REPORT_BYTES, signReport } from '../../../../shared/wire/protocol.ts';
import { checkersOf } from '../../../helpers/report-checkers.ts';
import { LOG } from '../../shared/fixed-keys.ts';

const ANSWER: ReportAnswer = { grants: [] };
const checks = new ReportChecks(checkersOf(LOG), 'report', systemClock);
const [childKey, otherKey] = [generateSigningKey(), generateSigningKey()];

const member = (name: string, { publicKey }: SigningKey, revoked = false): Payload<'member'> => ({
  name,
  region: 'r',
  lat: null,
  lon: null,
  publicKey,
  revoked,
});

const report = (
  edge: string,
  key: SigningKey,
  log = LOG,
  prefixes: string[] | null = null,
  time = 1,
): SignedReport => {
  const limits = { sites: null, prefixes, delay: 0, rate: null, schedule: null, storage: 'full' as const };
  const body: EdgeReport = {
    time,
    position: 1,
    hash: '0'.repeat(64),
    head: null,
    version: '1',
    parent: 'oslo',
    limits,
    sites: [],
    faults: [],
    statements: [],
  };
  return signReport(log, edge, body, key);
};

function world() {
  const relayed: (readonly SignedReport[])[] = [];
  const children = new Children(checks, {
    async relay(_sender, reports) {
      relayed.push(reports);
      return ANSWER;
    },
  });
  children.setMembers([member('child', childKey), member('other', otherKey)]);
  return { children, relayed };
}

t.test('members are whom the newest records name', async (t) => {
  const { children } = world();
  t.equal(children.keyOf('child'), childKey.publicKey);
  t.equal(children.keyOf('stranger'), undefined);
  t.equal(children.setMembers([member('child', childKey, true)]), true, 'somebody is out');
  t.equal(children.keyOf('child'), undefined, 'one that was revoked is none');
  t.equal(children.keyOf('other'), undefined, 'nor is one that they do not name');
  t.equal(children.setMembers([member('child', otherKey)]), false, 'nobody is out who was in');
  t.equal(children.keyOf('child'), otherKey.publicKey, 'one that joined anew');
  t.equal(new Children(checks, { relay: async () => ANSWER }).keyOf('child'), undefined, 'nobody at first');
});

t.test('a report that would not fit beside the own one of this edge is not passed on', async (t) => {
  const { children, relayed } = world();
  const large = [' '.repeat(MAX_REPORT_BYTES)];
  await t.rejects(children.report('child', [report('child', childKey, LOG, large)]), { code: 'too-large' });
  const own = report('child', childKey);
  await children.report('child', [own, report('other', otherKey, LOG, large)]);
  t.strictSame(relayed, [[own]], 'what one edge makes up costs the one that relays it nothing');
});

t.test("a child's report is passed on unchanged, with those that it relays", async (t) => {
  const { children, relayed } = world();
  const reports = [report('child', childKey), report('other', otherKey)];
  t.strictSame(await children.report('child', reports), ANSWER);
  t.strictSame(relayed, [reports]);
});

t.test('what is refused', async (t) => {
  const own = report('child', childKey);
  const cases: [name: string, sender: string, reports: SignedReport[], code: string][] = [
    ['a stranger', 'stranger', [report('stranger', childKey)], 'no-such-edge'],
    ['no report', 'child', [], 'bad-request'],
    ['the report of another first', 'child', [report('other', otherKey), own], 'bad-request'],
    ['another signer', 'child', [report('child', otherKey)], 'bad-request'],
    ['another log', 'child', [report('child', childKey, 'f'.repeat(32))], 'bad-request'],
    ['an altered text', 'child', [{ ...own, text: own.text.replace('"time":1', '"time":2') }], 'bad-request'],
    ['another name on it', 'other', [{ ...own, edge: 'other' }], 'bad-request'],
  ];
  for (const [name, sender, reports, code] of cases) {
    const { children, relayed } = world();
    await t.rejects(children.report(sender, reports), { code }, name);
    t.strictSame(relayed, [], `${name}: nothing is passed on`);
  }
  const { children } = world();
  children.setMembers([member('child', childKey, true)]);
  await t.rejects(children.report('child', [own]), { code: 'no-such-edge' }, 'a revoked one');
});

t.test('of each edge only the newest takes the way up: others wait behind what is passed on', async (t) => {
  const { children, relayed } = world();
  const at = (edge: string, key: SigningKey, time: number) => report(edge, key, LOG, null, time);
  const newest = [at('other', otherKey, 7), at('child', childKey, 9)];
  await children.report('child', [
    ...[1, 2, 3].map((time) => at('child', childKey, time)),
    ...newest,
    at('other', otherKey, 6),
  ]);
  t.strictSame(relayed, [newest]);
});

t.test('a forged report of another edge does not spoil those that travel with it', async (t) => {
  // The origin refuses the whole request for it: this edge would lose its own lease by what a child made up.
  const { children, relayed } = world();
  const forged = { ...report('other', otherKey), text: '{}' };
  await children.report('child', [report('child', childKey), forged]).catch(() => {});
  t.notOk(relayed.flat().includes(forged));
});
