import t from 'tap';
import { certifyKey } from '../../../../shared/log/certificate.ts';
import {
  type ChainState,
  firstChainState,
  follow,
  noteHead,
  startAtCheckpoint,
} from '../../../../shared/log/chain-state.ts';
import { type LogRecord, recordHash } from '../../../../shared/log/record.ts';
import { generateSigningKey } from '../../../../shared/signing/keys.ts';
import { SignedLog } from '../../edge/signed-log.ts';
import { LOG, originKey, recoveryKey } from '../fixed-keys.ts';

const OTHER_LOG = 'f'.repeat(32);
const stranger = generateSigningKey();

/** A log of some records, the state after the first two, and what comes then. */
function grown(records: number): { log: SignedLog; state: ChainState } {
  const log = new SignedLog();
  for (let i = 0; i < records; i++) log.append();
  return { log, state: log.records.slice(0, 2).reduce(follow, SignedLog.start()) };
}

t.test('a checkpoint stands in for what was pruned', async (t) => {
  const { log, state } = grown(6);
  const checkpoint = log.checkpoint();
  const after = startAtCheckpoint(state, checkpoint);
  t.strictSame(after, { ...state, seq: 7, hash: recordHash(checkpoint), head: 7 });
  t.equal(follow(after, log.append()).seq, 8, 'the chain goes on from it');
  t.equal(noteHead(after, log.head()).head, 8, 'and so do heads');
  t.equal(startAtCheckpoint(SignedLog.start(), checkpoint).seq, 7, 'for a new edge, too');
});

t.test('the mark below which no head may fall stays', async (t) => {
  const { log, state } = grown(6);
  const checkpoint = log.checkpoint();
  const ahead = { ...state, head: 20 };
  t.equal(startAtCheckpoint(ahead, checkpoint).head, 20);
});

t.test('a checkpoint that brings another certified key', async (t) => {
  const { log, state } = grown(3);
  const next = generateSigningKey();
  const key = certifyKey(LOG, 1, next.publicKey, recoveryKey);
  const after = startAtCheckpoint(state, log.checkpoint({ key }, {}, next));
  t.equal(after.key, next.publicKey);
  t.equal(follow(after, log.append({}, next)).seq, 5);
  t.throws(() => follow(after, log.append({}, originKey)), { code: 'broken-chain' });
});

t.test('no other record is taken out of turn', async (t) => {
  const { log, state } = grown(3);
  const made = (payload: object = {}, changes: Partial<LogRecord> = {}, signer = originKey) => {
    const copy = new SignedLog();
    copy.records.push(...log.records);
    return copy.checkpoint(payload, changes, signer);
  };
  const good = made();
  const certified = certifyKey(LOG, 1, stranger.publicKey, stranger);
  const cases: [string, LogRecord, string][] = [
    ['another kind', made({}, { kind: 'settings' }), 'broken-chain'],
    ['another log', made({}, { log: OTHER_LOG }), 'broken-chain'],
    ['a later epoch', made({}, { epoch: 2 }), 'broken-chain'],
    ['at the position', made({}, { seq: 2 }), 'broken-chain'],
    ['before the position', made({}, { seq: 1 }), 'broken-chain'],
    ['another signer', made({}, {}, stranger), 'bad-signature'],
    ['a key that certifies itself', made({ key: certified }, {}, stranger), 'bad-signature'],
    [
      'a key of another log',
      made({ key: certifyKey(OTHER_LOG, 1, originKey.publicKey, recoveryKey) }),
      'bad-signature',
    ],
    [
      'a key of another epoch',
      made({ key: certifyKey(LOG, 2, originKey.publicKey, recoveryKey) }),
      'bad-signature',
    ],
    ['no key', made({ key: undefined }), 'bad-signature'],
    ['no members', made({ members: undefined }), 'bad-signature'],
    ['a payload that is no JSON', made({}, { payload: '{' }), 'bad-signature'],
    ['an altered payload', { ...good, payload: good.payload.replace('[]', '[ ]') }, 'bad-signature'],
    ['an altered number', { ...good, seq: good.seq + 1 }, 'bad-signature'],
    ['no signature', { ...good, sig: '' }, 'bad-signature'],
  ];
  for (const [name, record, code] of cases) t.throws(() => startAtCheckpoint(state, record), { code }, name);
  t.equal(startAtCheckpoint(state, good).seq, 4, 'and the good one is taken');
});

t.test('in its turn a checkpoint is a record like others', async (t) => {
  const { log, state } = grown(2);
  t.equal(follow(state, log.checkpoint()).seq, 3);
});

t.test('a key that was replaced signs no checkpoint, and comes back by no record', async (t) => {
  const { log, state } = grown(2);
  const next = generateSigningKey();
  const key = certifyKey(LOG, 1, next.publicKey, recoveryKey);
  const payload = JSON.stringify(key);
  const change = { kind: 'key', site: 0, revision: 0, payload };
  const replaced = follow(state, log.append(change, next));
  t.strictSame(replaced.retired, [originKey.publicKey]);
  log.append({}, next);
  const stolen = log.checkpoint();
  t.throws(() => startAtCheckpoint(replaced, stolen), { code: 'bad-signature' });
  const jumped = startAtCheckpoint(state, log.checkpoint({ key }, {}, next));
  t.strictSame(
    jumped.retired,
    [originKey.publicKey],
    'also when its replacement is learnt from a checkpoint',
  );
  const again = certifyKey(LOG, 1, originKey.publicKey, recoveryKey);
  const record = log.append({ ...change, payload: JSON.stringify(again) }, originKey);
  t.throws(() => follow(jumped, record), { code: 'bad-signature' });
});

t.test('a new edge, which knows the present key, begins with the records of an older one', async (t) => {
  const log = new SignedLog();
  const next = generateSigningKey();
  const joined = firstChainState(
    LOG,
    1,
    certifyKey(LOG, 1, next.publicKey, recoveryKey),
    recoveryKey.fingerprint,
  );
  const keyRecord = (signer: typeof next) => {
    const payload = JSON.stringify(certifyKey(LOG, 1, signer.publicKey, recoveryKey));
    return log.append({ kind: 'key', site: 0, revision: 0, payload }, signer);
  };
  const records = [keyRecord(originKey), log.append(), keyRecord(next), log.append({}, next)];
  const state = records.reduce(follow, joined);
  t.equal(state.key, next.publicKey);
  t.strictSame(state.retired, [originKey.publicKey]);
});
