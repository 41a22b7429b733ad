import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import t from 'tap';
import { lazily, startShapedCluster } from '../helpers/shaped-cluster.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

const SITE = 'www';
const MB = 1024 * 1024;
const MIDDLE = 300_000;
/** Above 1 MiB, so it has chunks. */
const FILM = 1_200_000;
const FLOOD = 70;
/** At this rate the flood alone takes longer than a reader waits. */
const RATE = 1.25 * MB;
/** Readers are refused after 15 s. */
const PROMPT_MS = 15_000;
const CROWD = '127.0.0.2';
const OTHER = '127.0.0.3';

const { cluster, edge, link, close } = await startShapedCluster({ args: () => lazily(1000 * MB) });
t.teardown(close);

const numbers = Array.from({ length: FLOOD }, (_, i) => i);
const large = randomBytes(FILM);
const files: Record<string, Buffer> = { 'small.bin': randomBytes(5000), 'middle.bin': randomBytes(MIDDLE) };
for (const i of numbers) files[`middle-${i}.bin`] = bytesOf(i, MIDDLE);
for (const i of numbers.slice(0, 24)) files[`film-${i}.bin`] = bytesOf(i, FILM);
files['film.bin'] = large;
files['middle.2.bin'] = randomBytes(MIDDLE);
files['film.2.bin'] = randomBytes(FILM);
const folder = await writeTree(join(cluster.folder, SITE), files);
const published = await cluster.skerry('publish', folder, '--site', SITE, '--wait');
if (published.code !== 0) throw new Error(published.stderr);

/** Different for each number, and cheap to make. */
function bytesOf(i: number, size: number): Buffer {
  const bytes = Buffer.from(large.subarray(0, size));
  for (let at = 0; at < size; at += 4096) bytes.writeUInt32LE(i + 1, at);
  return bytes;
}

/** The first byte of the answer, and all of it, by a client of this address. */
async function readBy(localAddress: string, path: string) {
  const begun = performance.now();
  const headers = { host: `${SITE}.localhost` };
  const sent = request(`${edge?.url}/${path}`, { headers, localAddress, agent: false }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  const isRight = Buffer.concat(pieces).equals(files[path] ?? Buffer.alloc(0));
  return { status: response.statusCode, isRight, ms: performance.now() - begun };
}

/** Asks for all of these and reads nothing that comes. */
function flood(paths: readonly string[]): () => void {
  const sent = paths.map((path) => {
    const headers = { host: `${SITE}.localhost` };
    return request(`${edge?.url}/${path}`, { headers, localAddress: CROWD, agent: false })
      .on('error', () => {})
      .end();
  });
  return () => {
    for (const each of sent) each.destroy();
  };
}

for (const [kind, paths, wanted] of [
  ['objects of 300 KB', numbers.map((i) => `middle-${i}.bin`), ['small.bin', 'middle.bin', 'film.bin']],
  ['large objects', numbers.slice(0, 24).map((i) => `film-${i}.bin`), ['middle.2.bin', 'film.2.bin']],
] as const)
  t.test(`one client misses many ${kind} at once: another one's misses come all the same`, async (t) => {
    link.bytesPerSecond = RATE;
    const before = link.bytesDown;
    const end = flood(paths);
    await until('the crowd to be served', () => link.bytesDown > before + MIDDLE);
    const answers = await Promise.all(wanted.map((path) => readBy(OTHER, path)));
    end();
    link.bytesPerSecond = Number.POSITIVE_INFINITY;
    for (const [i, { status, isRight, ms }] of answers.entries()) {
      t.ok(status === 200 && isRight && ms < PROMPT_MS, `${wanted[i]}: ${status} in ${Math.round(ms)} ms`);
    }
  });
