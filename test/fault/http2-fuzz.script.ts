/**
 * `npm run test:http2-fuzz [-- --sequences 1000000] [--seed N]`: random sequences of frames for connections of HTTP/2 in
 * this process. Fails when one of them gets what it should not get, or when memory grows.
 */
import { parseArgs } from 'node:util';
import { playSequence } from './http2-fuzz.ts';

const { values } = parseArgs({
  options: { sequences: { type: 'string', default: '1000000' }, seed: { type: 'string' } },
});
const sequences = Number(values.sequences);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
/** The first half warms up compiled code, the heap and pools of buffers. */
const WARM_UP = Math.ceil(sequences / 2);
const MOST_GROWTH = 48 * 2 ** 20;

process.stdout.write(`seed ${seed}, ${sequences} sequences\n`);
let faults = 0;
let before = 0;
for (let i = 0; i < sequences; i++) {
  if (i === WARM_UP) before = process.memoryUsage().rss;
  const fault = await playSequence(seed + i);
  if (fault === undefined) continue;
  faults++;
  process.stdout.write(`--sequences 1 --seed ${seed + i}: ${fault}\n`);
}
const grown = process.memoryUsage().rss - before;
process.stdout.write(
  `${faults} faults; memory grew by ${Math.round(grown / 2 ** 20)} MB after the first half\n`,
);
process.exitCode = faults === 0 && (sequences < 1000 || grown < MOST_GROWTH) ? 0 : 1;
