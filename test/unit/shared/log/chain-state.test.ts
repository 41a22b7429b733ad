import t from 'tap';
import { digestOf } from '../../../../shared/content/digest.ts';
import { certifyKey } from '../../../../shared/log/certificate.ts';
import { type ChainState, firstChainState, follow, noteHead } from '../../../../shared/log/chain-state.ts';
import { type Head, signHead } from '../../../../shared/log/head.ts';
import {
  GENESIS,
  type LogRecord,
  recordHash,
  signRecord,
  type UnsignedRecord,
} from '../../../../shared/log/record.ts';
import { generateSigningKey, type SigningKey } from '../../../../shared/signing/keys.ts';

const LOG = 'a'.repeat(32);
const OTHER_LOG = 'b'.repeat(32);
const recovery = generateSigningKey();
const key = generateSigningKey();
const stranger = generateSigningKey();

/** A record that follows the state, but for what is said. */
function nextRecord(
  state: ChainState,
  changes: Partial<UnsignedRecord> = {},
  signer: SigningKey = key,
): LogRecord {
  return signRecord(
    {
      log: state.log,
      epoch: state.epoch,
      seq: state.seq + 1,
      prev: state.hash,
      kind: 'activate',
      critical: true,
      time: 1_000,
      site: 1,
      revision: 1,
      root: digestOf('root'),
      payload: '{"mode":"async"}',
      ...changes,
    },
    signer,
  );
}

const keyRecord = (
  state: ChainState,
  payload: unknown,
  signer: SigningKey,
  changes: Partial<UnsignedRecord> = {},
) =>
  nextRecord(
    state,
    { kind: 'key', site: 0, revision: 0, root: null, payload: JSON.stringify(payload), ...changes },
    signer,
  );

function first(): ChainState {
  return firstChainState(LOG, 1, certifyKey(LOG, 1, key.publicKey, recovery), recovery.fingerprint);
}

/** A state some records into the log. */
function grown(records = 3): ChainState {
  let state = follow(first(), keyRecord(first(), certifyKey(LOG, 1, key.publicKey, recovery), key));
  while (state.seq < records) state = follow(state, nextRecord(state));
  return state;
}

function head(state: ChainState, changes: Partial<Omit<Head, 'sig'>> = {}, signer: SigningKey = key): Head {
  return signHead({ log: LOG, epoch: 1, seq: state.seq, hash: state.hash, time: 5_000, ...changes }, signer);
}

t.test('the first state trusts what the recovery key certifies', async (t) => {
  t.strictSame(first(), {
    log: LOG,
    epoch: 1,
    seq: 0,
    hash: GENESIS,
    key: key.publicKey,
    retired: [],
    recovery: recovery.fingerprint,
    head: 0,
  });
});

t.test('the first state refuses a key that leads elsewhere', async (t) => {
  const good = certifyKey(LOG, 1, key.publicKey, recovery);
  const cases: [string, () => ChainState][] = [
    ['another recovery key', () => firstChainState(LOG, 1, good, stranger.fingerprint)],
    ['a certificate of another log', () => firstChainState(OTHER_LOG, 1, good, recovery.fingerprint)],
    ['a certificate of another epoch', () => firstChainState(LOG, 2, good, recovery.fingerprint)],
    [
      'a key that the certificate does not name',
      () => firstChainState(LOG, 1, { ...good, publicKey: stranger.publicKey }, recovery.fingerprint),
    ],
    [
      'a certificate by the key itself',
      () =>
        firstChainState(
          LOG,
          1,
          { ...certifyKey(LOG, 1, key.publicKey, key), recoveryKey: recovery.publicKey },
          recovery.fingerprint,
        ),
    ],
    ['no certificate', () => firstChainState(LOG, 1, { ...good, certificate: '' }, recovery.fingerprint)],
    [
      'keys that are none',
      () =>
        firstChainState(LOG, 1, { publicKey: '', recoveryKey: '', certificate: '' }, recovery.fingerprint),
    ],
  ];
  for (const [name, run] of cases) t.throws(run, { code: 'bad-signature' }, name);
});

t.test('a record that follows moves the position and the hash', async (t) => {
  const before = grown();
  const record = nextRecord(before);
  const after = follow(before, record);
  t.equal(after.seq, before.seq + 1);
  t.equal(after.hash, recordHash(record));
  t.equal(after.head, after.seq, 'a record is as good as a head that names it');
  t.equal(after.key, before.key);
  t.strictSame(before, grown(), 'the state before is untouched');
});

t.test('a record leaves a higher head as it is', async (t) => {
  const before = noteHead(grown(3), head(grown(3), { seq: 9, hash: digestOf('nine') }));
  t.equal(follow(before, nextRecord(before)).head, 9);
});

t.test('records that do not follow are refused', async (t) => {
  const state = grown();
  const good = nextRecord(state);
  const cases: [string, LogRecord, string][] = [
    ['a gap', nextRecord(state, { seq: state.seq + 2 }), 'broken-chain'],
    ['a repetition', nextRecord(state, { seq: state.seq }), 'broken-chain'],
    ['the same record again', nextRecord(grown(2)), 'broken-chain'],
    ['a rewind', nextRecord(state, { seq: 1, prev: GENESIS }), 'broken-chain'],
    ['another predecessor', nextRecord(state, { prev: digestOf('other') }), 'broken-chain'],
    ['another log', nextRecord(state, { log: OTHER_LOG }), 'broken-chain'],
    ['a later epoch', nextRecord(state, { epoch: 2 }), 'broken-chain'],
    ['another signer', nextRecord(state, {}, stranger), 'bad-signature'],
    ['the recovery key as signer', nextRecord(state, {}, recovery), 'bad-signature'],
    ['an altered payload', { ...good, payload: '{"mode":"batch"}' }, 'bad-signature'],
    ['an altered time', { ...good, time: good.time + 1 }, 'bad-signature'],
    ['an altered kind', { ...good, kind: 'revision' }, 'bad-signature'],
    ['an altered site', { ...good, site: 2 }, 'bad-signature'],
    ['an altered revision', { ...good, revision: 2 }, 'bad-signature'],
    ['an altered root', { ...good, root: digestOf('else') }, 'bad-signature'],
    ['a root taken away', { ...good, root: null }, 'bad-signature'],
    ['criticality taken away', { ...good, critical: false }, 'bad-signature'],
    ['no signature', { ...good, sig: '' }, 'bad-signature'],
    ['the signature of the record before', { ...good, sig: nextRecord(grown(2)).sig }, 'bad-signature'],
  ];
  for (const [name, record, code] of cases) t.throws(() => follow(state, record), { code }, name);
  t.equal(follow(state, good).seq, state.seq + 1, 'and the good one is taken');
});

t.test('unknown kinds', async (t) => {
  const state = grown();
  const critical = nextRecord(state, { kind: 'teleport', critical: true });
  t.throws(() => follow(state, critical), {
    code: 'unknown-critical-record',
    message: /teleport/,
  });
  const passed = nextRecord(state, { kind: 'teleport', critical: false });
  t.equal(follow(state, passed).hash, recordHash(passed), 'one that is not critical keeps the chain');
  t.throws(
    () => follow(state, nextRecord(state, { kind: 'teleport', critical: true }, stranger)),
    { code: 'bad-signature' },
    'an unsigned one stops nobody for good',
  );
  // A name that every object inherits is no kind.
  t.throws(() => follow(state, nextRecord(state, { kind: 'constructor', critical: true })), {
    code: 'unknown-critical-record',
  });
  t.equal(
    follow(state, nextRecord(state, { kind: 'activate', critical: false })).seq,
    state.seq + 1,
    'a known kind need not be critical',
  );
});

t.test('a certified key takes over', async (t) => {
  const state = grown();
  const next = generateSigningKey();
  const payload = certifyKey(LOG, 1, next.publicKey, recovery);
  const after = follow(state, keyRecord(state, payload, next));
  t.equal(after.key, next.publicKey);
  t.equal(after.recovery, recovery.fingerprint);
  t.equal(follow(after, nextRecord(after, {}, next)).seq, after.seq + 1);
  t.throws(() => follow(after, nextRecord(after, {}, key)), { code: 'bad-signature' }, 'the old key is out');
  t.throws(() => noteHead(after, head(after)), { code: 'bad-signature' }, 'for heads as well');
  t.equal(noteHead(after, head(after, {}, next)).head, after.seq);
});

t.test('a key that is not certified is refused', async (t) => {
  const state = grown();
  const next = generateSigningKey();
  const payload = certifyKey(LOG, 1, next.publicKey, recovery);
  const cases: [string, LogRecord][] = [
    ['signed by the old key', keyRecord(state, payload, key)],
    ['certified by a stranger', keyRecord(state, certifyKey(LOG, 1, next.publicKey, stranger), next)],
    ['certified by the signing key', keyRecord(state, certifyKey(LOG, 1, next.publicKey, key), next)],
    ['certified for another epoch', keyRecord(state, certifyKey(LOG, 2, next.publicKey, recovery), next)],
    ['certified for another log', keyRecord(state, certifyKey(OTHER_LOG, 1, next.publicKey, recovery), next)],
    ['a payload without a certificate', keyRecord(state, { publicKey: next.publicKey }, next)],
    ['a payload that is no object', keyRecord(state, 'key', next)],
    ['a payload that is no JSON', nextRecord(state, { kind: 'key', payload: '{' }, next)],
  ];
  for (const [name, record] of cases) t.throws(() => follow(state, record), { code: 'bad-signature' }, name);
  t.throws(
    () => follow(state, keyRecord(state, payload, next, { seq: state.seq + 2 })),
    { code: 'broken-chain' },
    'a certified one must follow, too',
  );
});

t.test('heads that are not lower are noted', async (t) => {
  const state = grown(3);
  t.equal(noteHead(state, head(state)).head, 3, 'the same');
  const ahead = noteHead(state, head(state, { seq: 8, hash: digestOf('eight') }));
  t.equal(ahead.head, 8);
  t.strictSame({ ...ahead, head: 3 }, state, 'nothing else moves');
  t.equal(noteHead(ahead, head(state, { seq: 8, hash: digestOf('eight'), time: 9_000 })).head, 8);
  t.equal(noteHead(first(), head(first())).head, 0, 'an empty log has a head, too');
});

t.test('heads that are lower, altered or of another log are refused', async (t) => {
  const state = grown(3);
  const ahead = noteHead(state, head(state, { seq: 8, hash: digestOf('eight') }));
  const good = head(state, { seq: 9 });
  const cases: [string, ChainState, Head, string][] = [
    ['lower than a head', ahead, head(state, { seq: 7 }), 'not-yet-held'],
    ['lower than a head, at the stored position', ahead, head(state), 'not-yet-held'],
    ['the same with another record', ahead, head(state, { hash: digestOf('fork') }), 'broken-chain'],
    ['lower than the stored position', state, head(state, { seq: 2 }), 'broken-chain'],
    ['before the first record', state, head(state, { seq: 0, hash: GENESIS }), 'broken-chain'],
    ['another record at the stored position', state, head(state, { hash: digestOf('fork') }), 'broken-chain'],
    ['another signer', state, head(state, { seq: 9 }, stranger), 'bad-signature'],
    ['the recovery key as signer', state, head(state, { seq: 9 }, recovery), 'bad-signature'],
    ['a later epoch', state, head(state, { seq: 9, epoch: 2 }), 'bad-signature'],
    ['another log', state, head(state, { seq: 9, log: OTHER_LOG }), 'bad-signature'],
    ['an altered number', state, { ...good, seq: 10 }, 'bad-signature'],
    ['an altered hash', state, { ...good, hash: digestOf('x') }, 'bad-signature'],
    ['an altered time', state, { ...good, time: good.time + 1 }, 'bad-signature'],
    ['no signature', state, { ...good, sig: '' }, 'bad-signature'],
  ];
  for (const [name, at, refused, code] of cases) t.throws(() => noteHead(at, refused), { code }, name);
});

t.test('a fork is found once the edge stands where the head was', async (t) => {
  const state = grown(3);
  const record = nextRecord(state);
  const signed = head(state, { seq: 4, hash: digestOf('what another parent has at 4') });
  const after = follow(noteHead(state, signed), record);
  t.throws(() => noteHead(after, signed), { code: 'broken-chain' });
});
