import t from 'tap';
import { CODINGS, decode, encode } from '../../../../edge/variants/encode.ts';

const plain = Buffer.from('what is said more than once packs well; '.repeat(5000));

for (const coding of CODINGS)
  t.test(coding, async (t) => {
    const encoded = encode(plain, coding);
    t.ok(encoded.length < plain.length / 50);
    t.ok(decode(encoded, coding, plain.length).equals(plain));
    t.throws(() => decode(encoded, coding, plain.length - 1), 'more than there may be');
    t.throws(() => decode(plain, coding, plain.length), 'no such coding');
    t.throws(() => decode(encoded.subarray(0, 20), coding, plain.length), 'not all of it');
    t.ok(decode(encode(Buffer.alloc(0), coding), coding, 10).equals(Buffer.alloc(0)));
  });
