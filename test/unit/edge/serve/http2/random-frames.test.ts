import t from 'tap';
import { playSequence } from '../../../../fault/http2-fuzz.ts';

/** A sample of `npm run test:http2-fuzz`. */
const seed = Number(process.env.SKERRY_SEED ?? Math.floor(Math.random() * 1e9));

t.test('random frames get nothing that they should not get', async (t) => {
  t.comment(`seed ${seed}`);
  const faults: string[] = [];
  for (let i = 0; i < 300; i++) {
    const fault = await playSequence(seed + i);
    if (fault !== undefined) faults.push(`${seed + i}: ${fault}`);
  }
  t.strictSame(faults, []);
});
