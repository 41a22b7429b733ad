import t from 'tap';
import { digestOf } from '../../../../shared/content/digest.ts';
import { isSignedBy, MAX_STATEMENT_BYTES } from '../../../../shared/log/statement-kind.ts';
import {
  MAX_RESULT_BYTES,
  signTaskResult,
  type TaskResult,
  taskResultKind,
} from '../../../../shared/log/task-result.ts';
import { signText } from '../../../../shared/signing/keys.ts';
import { edgeKey, LOG, originKey, TIME } from '../fixed-keys.ts';

const NONCE = 'AAECAwQFBgcICQoLDA0ODw';
const unsigned = {
  ...{ log: LOG, epoch: 1, edge: 'oslo-1', task: 7, share: 0, attempt: 1, nonce: NONCE },
  ...{ outcome: 'done' as const, time: TIME, result: '{"objects":3,"bytes":1200}' },
};
const result = signTaskResult(unsigned, edgeKey);

t.test('the signature is the frozen one', async (t) => {
  // Computed with openssl.
  t.same(result, {
    ...unsigned,
    sig: '-7r7vgxtQh5HwmI0NfOw6I3sYjmBGuwZA5FYoQsKO6D2WXOXRTvW5LNwKPoU7Ps-2kl3AsZS90UPS2k9K5kNBQ',
  });
});

t.test('is over the canonical text', async (t) => {
  const text = `["skerry-task-result-1","${LOG}",1,"oslo-1",7,0,1,"${NONCE}","done",${TIME},"${digestOf(unsigned.result)}"]`;
  t.equal(result.sig, signText(edgeKey, text));
});

t.test('verifies with the key that signed it alone, and nothing in it can be changed', async (t) => {
  t.equal(isSignedBy(taskResultKind, result, edgeKey.publicKey), true);
  t.equal(isSignedBy(taskResultKind, result, originKey.publicKey), false);
  const changes: Partial<TaskResult>[] = [
    ...[{ log: 'f'.repeat(32) }, { epoch: 2 }, { edge: 'oslo-2' }, { task: 8 }, { share: 1 }, { attempt: 2 }],
    ...[{ nonce: 'n'.repeat(22) }],
    ...[{ outcome: 'failed' as const }, { time: TIME + 1 }, { result: '{}' }, { sig: '' }],
  ];
  for (const change of changes)
    t.equal(
      isSignedBy(taskResultKind, { ...result, ...change }, edgeKey.publicKey),
      false,
      JSON.stringify(change),
    );
});

t.test('its subject is the attempt', async (t) => {
  t.strictSame(taskResultKind.subject(result), { name: `7/0/1/${NONCE}`, site: undefined });
});

t.test('the schema takes a result and refuses a malformed one', async (t) => {
  t.same(taskResultKind.schema.parse(result), result);
  for (const change of [
    ...[{ outcome: 'lost' }, { task: 0 }, { attempt: 0 }, { nonce: '' }, { share: -1 }, { time: 1.5 }],
    ...[{ result: {} }, { result: 'x'.repeat(MAX_RESULT_BYTES + 1) }],
  ])
    t.throws(() => taskResultKind.schema.parse({ ...result, ...change }), { code: 'bad-request' });
});

t.test('the largest result fits into a statement, whatever it escapes', async (t) => {
  const most = Number.MAX_SAFE_INTEGER;
  for (const text of ['"'.repeat(1000), '\\'.repeat(1000), '\u0001'.repeat(1000), '\ud800', '€', 'a']) {
    const item = JSON.stringify(text);
    const items = Math.floor((MAX_RESULT_BYTES - 2) / (Buffer.byteLength(item) + 1));
    const largest = JSON.stringify(Array.from({ length: items }, () => text));
    t.ok(Buffer.byteLength(largest) <= MAX_RESULT_BYTES);
    const body = signTaskResult(
      {
        ...{
          log: LOG,
          epoch: most,
          edge: 'n'.repeat(63),
          task: most,
          share: most,
          attempt: most,
          nonce: NONCE,
        },
        ...{ outcome: 'failed', time: most, result: largest },
      },
      edgeKey,
    );
    const bytes = Buffer.byteLength(JSON.stringify(body));
    t.ok(bytes <= MAX_STATEMENT_BYTES, `${bytes} bytes of ${item.slice(0, 10)}`);
  }
});
