import t from 'tap';
import { digestOf } from '../../../../shared/content/digest.ts';
import { schema } from '../../../../shared/json/schema.ts';
import { signGrant } from '../../../../shared/log/grant.ts';
import { signReceipt } from '../../../../shared/log/receipt.ts';
import { signText } from '../../../../shared/signing/keys.ts';
import {
  bundleRequestSchema,
  type EdgeReport,
  entriesRequestSchema,
  leavesRequestSchema,
  reportAnswer,
  type SignedReport,
  signReport,
  verifiedReport,
} from '../../../../shared/wire/protocol.ts';
import { edgeKey, LOG, originKey, ROOT, TIME } from '../fixed-keys.ts';

const receipt = signReceipt(
  {
    log: LOG,
    epoch: 1,
    edge: 'oslo-1',
    site: 1,
    revision: 1,
    root: ROOT,
    seq: 3,
    since: TIME,
    covers: 'all',
  },
  edgeKey,
);
const report: EdgeReport = {
  time: TIME,
  position: 7,
  hash: ROOT,
  head: null,
  version: '0.1.0',
  parent: 'bergen',
  limits: {
    sites: ['docs'],
    prefixes: null,
    delay: 1.5,
    rate: 1000,
    schedule: { cron: '0 3 * * *', timezone: 'Europe/Oslo', minutes: 60 },
    storage: 'full',
  },
  sites: [{ site: 1, revision: 1, target: 2, prepared: 0, pendingBytes: 10, error: 'grüße' }],
  faults: [{ time: TIME, code: 'stale-head', message: 'm', upstream: 'http://a.test' }],
  statements: [{ kind: 'receipt', body: receipt }],
};
const grant = signGrant(
  { log: LOG, epoch: 1 },
  { edge: 'oslo-1', report: ROOT },
  {
    newest: TIME,
    time: TIME,
    lease: 5000,
    serves: 0,
    heartbeat: 2000,
    diverged: false,
    assignments: null,
    takes: [],
  },
  originKey,
);
const signed = signReport(LOG, 'oslo-1', report, edgeKey);
/** Signs a text as an edge would that says something else. */
const saying = (text: string): SignedReport => ({
  edge: 'oslo-1',
  text,
  sig: signText(edgeKey, JSON.stringify(['skerry-report-1', LOG, 'oslo-1', digestOf(text)])),
});

t.test('a report is its text and a signature over log, edge and digest', async (t) => {
  t.equal(signed.text, JSON.stringify(report));
  t.strictSame(signed, saying(signed.text));
  const text = `["skerry-report-1","${LOG}","oslo-1","${digestOf(signed.text)}"]`;
  t.equal(signed.sig, signText(edgeKey, text));
});

t.test('what was signed is what is read', async (t) => {
  t.strictSame(verifiedReport(LOG, signed, edgeKey.publicKey), report);
  const later = saying(JSON.stringify({ ...report, later: 1 }));
  t.equal(
    verifiedReport(LOG, later, edgeKey.publicKey).position,
    7,
    'fields of later versions are let through',
  );
});

t.test('refuses what the edge did not sign', async (t) => {
  const cases: [string, string, SignedReport, typeof edgeKey][] = [
    ['another key', LOG, signed, originKey],
    ['another log', 'f'.repeat(32), signed, edgeKey],
    ['another edge', LOG, { ...signed, edge: 'oslo-2' }, edgeKey],
    [
      'an altered text',
      LOG,
      { ...signed, text: signed.text.replace('"position":7', '"position":8') },
      edgeKey,
    ],
    ['a text of another form', LOG, { ...signed, text: `${signed.text} ` }, edgeKey],
    ['no signature', LOG, { ...signed, sig: '' }, edgeKey],
    ['the signature of another', LOG, { ...signed, sig: receipt.sig }, edgeKey],
  ];
  for (const [name, log, altered, key] of cases)
    t.throws(() => verifiedReport(log, altered, key.publicKey), { code: 'bad-request' }, name);
});

t.test('refuses what is signed and no report', async (t) => {
  const { time: _, ...without } = report;
  const [site] = report.sites;
  const [fault] = report.faults;
  for (const value of [
    null,
    [],
    without,
    { ...report, time: 1.5 },
    { ...report, position: -1 },
    { ...report, parent: 'Not A Name' },
    { ...report, version: 'x'.repeat(41) },
    { ...report, limits: { ...report.limits, sites: ['../etc'] } },
    { ...report, limits: { ...report.limits, rate: 'fast' } },
    { ...report, sites: [{ ...site, revision: '1' }] },
    { ...report, sites: Array(10_001).fill(site) },
    { ...report, faults: Array(21).fill(fault) },
    { ...report, faults: [{ ...fault, message: 'x'.repeat(501) }] },
    { ...report, statements: [{ kind: 'x'.repeat(41), body: {} }] },
    { ...report, statements: [{ kind: 'receipt', body: 'x' }] },
    { ...report, statements: Array(1001).fill({ kind: 'receipt', body: receipt }) },
  ]) {
    const bad = saying(JSON.stringify(value));
    const name = JSON.stringify(value).slice(0, 60);
    t.throws(() => verifiedReport(LOG, bad, edgeKey.publicKey), { code: 'bad-request' }, name);
  }
  t.throws(() => verifiedReport(LOG, saying('{'), edgeKey.publicKey), { code: 'bad-request' }, 'no JSON');
});

t.test('requests and answers', async (t) => {
  type Case = [name: string, parser: { parse(value: unknown): unknown }, value: unknown, isTaken: boolean];
  const bundle = schema(bundleRequestSchema);
  const leaves = schema(leavesRequestSchema);
  const entries = schema(entriesRequestSchema);
  const cases: Case[] = [
    ['an answer', reportAnswer, { grants: [grant] }, true],
    ['an answer without grants', reportAnswer, {}, false],
    ['an answer with a grant that is none', reportAnswer, { grants: [{ ...grant, text: 1.5 }] }, false],
    ['an answer of too many', reportAnswer, { grants: Array(1001).fill(grant) }, false],
    ['a bundle', bundle, { objects: 'AAAA_-9' }, true],
    ['a bundle with a dictionary', bundle, { objects: '', dictionary: 'AA' }, true],
    ['a bundle of other text', bundle, { objects: 'AA==' }, false],
    ['a bundle of too many', bundle, { objects: 'A'.repeat(43_693) }, false],
    ['a bundle and more', bundle, { objects: 'AA', more: 1 }, false],
    ['leaves', leaves, { nodes: [0, 255] }, true],
    ['leaves of no node', leaves, { nodes: [] }, false],
    ['leaves of a node that is none', leaves, { nodes: [256] }, false],
    ['entries', entries, { leaves: [0, 65_535] }, true],
    ['entries of a leaf that is none', entries, { leaves: [65_536] }, false],
    ['entries of too many leaves', entries, { leaves: Array(4097).fill(1) }, false],
  ];
  for (const [name, parser, value, isTaken] of cases) {
    if (isTaken) t.strictSame(parser.parse(value), value, name);
    else t.throws(() => parser.parse(value), { code: 'bad-request' }, name);
  }
});
