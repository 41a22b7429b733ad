import type { DatabaseSync } from 'node:sqlite';
import t from 'tap';
import { openSqliteEdgeCatalog } from '../../../../edge/store/sqlite/sqlite-catalog.ts';
import { signerWith } from '../../../../origin/catalog/record-signer.ts';
import { catalogContext } from '../../../../origin/catalog/sqlite/context.ts';
import { logCalls } from '../../../../origin/catalog/sqlite/log.ts';
import { openLogWriter } from '../../../../origin/catalog/sqlite/log-writer.ts';
import { migrations } from '../../../../origin/catalog/sqlite/schema.ts';
import type { Digest } from '../../../../shared/content/digest.ts';
import { certifyKey } from '../../../../shared/log/certificate.ts';
import { follow } from '../../../../shared/log/chain-state.ts';
import type { LogRecord } from '../../../../shared/log/record.ts';
import { type Payload, payloads, type RecordKind } from '../../../../shared/log/record-kinds.ts';
import { MOST_READ, MOST_WRITTEN, mostRead, payloadText } from '../../../../shared/log/record-limits.ts';
import { DEFAULT_POLICY } from '../../../../shared/site/site-policy.ts';
import { openDatabase } from '../../../../shared/sqlite/open.ts';
import { decodeFrame, encodeFrame, MAX_FRAME_BYTES } from '../../../../shared/wire/frame.ts';
import { SignedLog } from '../../edge/signed-log.ts';
import { LOG, originKey, ROOT, recoveryKey } from '../fixed-keys.ts';

const certificate = certifyKey(LOG, 1, originKey.publicKey, recoveryKey);
const member = { name: 'oslo', region: '', lat: null, lon: null, publicKey: 'k', revoked: false };
const policy = DEFAULT_POLICY;

/** A payload of each kind with a text as long as one likes; `"` are escaped, and once more in a frame. */
const sayings: { [K in RecordKind]: (text: string) => Payload<K> } = {
  key: (text) => ({ ...certificate, certificate: certificate.certificate, later: text }) as Payload<'key'>,
  settings: (text) => ({ name: 'docs', domains: [text], deleted: false, policy }),
  member: (text) => ({ ...member, region: text }),
  revision: (text) => ({ base: 0, files: 1, bytes: 1, message: text, restores: null, mode: 'async' }),
  activate: (text) => ({ mode: 'async', degraded: text }),
  abort: (text) => ({ reason: text }),
  alias: (text) => ({ name: text, files: 1, expires: 1 }),
  rollout: (text) => ({ base: 1, step: 1, edges: [text], files: 1, paths: [] }),
  outcome: (text) => ({ visible: [text], unconfirmed: [] }),
  purge: (text) => ({ all: false, paths: [text], globs: [], tags: [] }),
  checkpoint: (text) => ({ key: certificate, sites: [], members: [{ ...member, region: text }] }),
};

const kinds = Object.keys(payloads) as RecordKind[];

/** The largest payload of the kind, or one that is so many bytes larger. */
function largest<K extends RecordKind>(kind: K, more = 0): Payload<K> {
  const left = MOST_WRITTEN[kind] - Buffer.byteLength(JSON.stringify(sayings[kind](''))) + more;
  return sayings[kind](`${'"'.repeat(Math.floor(left / 2))}${'x'.repeat(left % 2)}`);
}

function foundedLog() {
  const database: DatabaseSync = openDatabase(':memory:', migrations);
  const context = catalogContext(database, openLogWriter(database, signerWith(originKey)));
  const log = logCalls(context);
  log.found(LOG, certificate, 1);
  return { ...log, context };
}

t.test('every kind has a limit', async (t) => {
  t.strictSame(Object.keys(MOST_WRITTEN).sort(), kinds.toSorted());
  for (const kind of kinds) t.ok(mostRead(kind) >= MOST_WRITTEN[kind] * 1.25, `${kind}: room to spare`);
  t.equal(mostRead('of-a-later-version'), MOST_READ);
});

for (const kind of kinds) {
  t.test(`the largest ${kind} is taken by all, and one byte more is not written`, async (t) => {
    const { context, records, head } = foundedLog();
    const append = (payload: Payload<RecordKind>) =>
      context.writer.append(
        context.identity(),
        [{ kind, site: 1, revision: 1, root: ROOT as Digest, payload }],
        1,
      );
    t.throws(() => append(largest(kind, 1)), { code: 'record-too-large' });
    t.equal(head(1).seq, 1, 'nothing was appended');
    t.equal(append(largest(kind)), 2);

    const edge = openSqliteEdgeCatalog(':memory:');
    t.teardown(() => edge.close());
    const [first, largestOne] = records(1, 10) as [LogRecord, LogRecord];
    t.equal(Buffer.byteLength(largestOne.payload), MOST_WRITTEN[kind]);
    const chain = follow(SignedLog.start(), first);
    edge.storeRecords([first], chain);
    const line = encodeFrame({ v: 1, t: 'record', record: largestOne });
    t.ok(Buffer.byteLength(line) <= MAX_FRAME_BYTES);
    t.same(decodeFrame(line), { v: 1, t: 'record', record: largestOne });
    edge.storeRecords([largestOne], follow(chain, largestOne));
    t.same(edge.records(2, 10), [largestOne], 'a parent has it for its children');
  });

  t.test(`a ${kind} with more than is read is refused`, async (t) => {
    const record = new SignedLog().append({ kind, payload: 'x'.repeat(mostRead(kind)) });
    t.match(decodeFrame(encodeFrame({ v: 1, t: 'record', record })), { t: 'record' });
    const larger = { ...record, payload: `${record.payload}x` };
    t.throws(() => decodeFrame(encodeFrame({ v: 1, t: 'record', record: larger })), {
      code: 'upstream-protocol',
    });
  });
}

t.test('bytes count, not characters', async (t) => {
  const reason = '\u{1f600}'.repeat(1500);
  t.throws(() => payloadText('abort', { reason }), { code: 'record-too-large' });
  t.match(payloadText('abort', { reason: 'x'.repeat(1500) }), /reason/);
});

t.test('what no edge could parse is not written', async (t) => {
  const pattern = 'x'.repeat(1025);
  const broken = { name: 'docs', domains: [], deleted: false, policy: { ...policy, pinned: [pattern] } };
  t.throws(() => payloadText('settings', broken), { code: 'internal' });
});

t.test('one record of many that is too large appends none', async (t) => {
  const { context, head } = foundedLog();
  const draft = (message: string) => ({
    kind: 'revision' as const,
    ...{ critical: true, site: 1, revision: 1, root: null },
    payload: { base: 0, files: 1, bytes: 1, message, restores: null, mode: 'async' as const },
  });
  const drafts = [draft('a'), draft('m'.repeat(9000))];
  t.throws(() => context.writer.append(context.identity(), drafts, 1), { code: 'record-too-large' });
  t.equal(head(1).seq, 1);
});

t.test('what has more values than a reader parses is not written', async (t) => {
  const site = {
    ...{ id: 1, name: 'a', revision: 0, root: null, seq: 0, files: 0 },
    domains: Array.from({ length: 300 }, () => '/a'),
  };
  const key = { publicKey: '', recoveryKey: '', certificate: '' };
  const checkpoint = (sites: number) => ({ key, members: [], sites: Array(sites).fill(site) });
  t.ok(payloads.checkpoint.parseText(payloadText('checkpoint', checkpoint(1400))));
  t.throws(() => payloadText('checkpoint', checkpoint(2000)), { code: 'record-too-large' });
});
