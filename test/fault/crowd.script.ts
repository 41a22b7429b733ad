/**
 * `npm run test:crowd [-- --readers 1000 --megabytes 100]`: many readers request one object that a lazy edge lacks.
 * Fails when the edge fetches it more than once, when the first byte is sent only after the whole object is stored,
 * when a reader gets wrong bytes, when memory grows with the number of readers, or when an edge that is killed
 * meanwhile serves or keeps a broken object.
 */
import { parseArgs } from 'node:util';
import { crowd } from './crowd.ts';

const MOST_PEAK_MB = 500;

const { values } = parseArgs({
  options: {
    readers: { type: 'string', default: '1000' },
    megabytes: { type: 'string', default: '100' },
    processes: { type: 'string', default: '2' },
  },
});
const readers = Number(values.readers);
const bytes = Number(values.megabytes) * 1024 ** 2;
const result = await crowd({ readers, bytes, processes: Number(values.processes) });
const megabytes = (count: number) => `${(count / 1024 ** 2).toFixed(1)} MB`;
const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
process.stdout.write(
  `${result.right} of ${readers} readers got all of ${megabytes(bytes)}; ${megabytes(result.upstreamBytes)} came from the origin
first byte after ${seconds(result.firstByteMs)}, stored after ${seconds(result.storedMs)}, last reader after ${seconds(result.lastReaderMs)}
peak memory: ${result.peakBytes.map(megabytes).join(', ')}
killed meanwhile: ${result.brokenBodies} broken bodies, ${result.brokenFiles.length} files left, right again: ${result.isRightAgain}
`,
);
const isSound =
  result.right === readers &&
  result.upstreamBytes < 1.05 * bytes &&
  result.firstByteMs < result.storedMs &&
  Math.max(...result.peakBytes) < MOST_PEAK_MB * 1024 ** 2 &&
  result.brokenBodies === 0 &&
  result.brokenFiles.length === 0 &&
  result.isRightAgain;
if (!isSound) process.exitCode = 1;
