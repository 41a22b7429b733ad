import t from 'tap';
import { decodeIndex, encodePack, indexLength, TRAILER } from '../../../../../origin/store/s3/pack.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';

const object = (content: string) => ({ digest: digestOf(content), bytes: Buffer.from(content) });

t.test('a pack says from its end what it holds, and where', async (t) => {
  for (const contents of [['one', '', 'three and a half'], ['x'], []]) {
    const objects = contents.map(object);
    const { bytes, rows } = encodePack(objects);
    const length = indexLength(bytes.subarray(-TRAILER));
    if (length === undefined) throw new Error('this is a pack');
    const index = decodeIndex(bytes.subarray(bytes.length - TRAILER - length, bytes.length - TRAILER));
    t.strictSame(index, rows);
    t.strictSame(
      index.map(({ digest, offset, size }) => [digest, bytes.toString('utf8', offset, offset + size)]),
      contents.map((content) => [digestOf(content), content]),
    );
  }
});

t.test('its form is fixed: buckets outlive versions', async (t) => {
  const { bytes } = encodePack([object('ab'), object('c')]);
  t.equal(
    bytes.toString('hex'),
    [
      '616263',
      `${digestOf('ab')}0000000000000002`,
      `${digestOf('c')}0000000200000001`,
      '00000002534b5031',
    ].join(''),
  );
});

t.test('the end of anything else', async (t) => {
  const { bytes } = encodePack([object('ab')]);
  const end = bytes.subarray(-TRAILER);
  for (const other of [end.subarray(1), Buffer.alloc(TRAILER), Buffer.from('0000SKP2'), Buffer.alloc(0)])
    t.equal(indexLength(other), undefined);
});
