import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { headBombs, longHeads, sendFrames } from '../fault/attacks/frames.ts';
import { attackWithPurges } from '../fault/attacks/purges.ts';
import { closedWindows, pipelinedRanges, unreadSecurely } from '../fault/attacks/readers.ts';
import { writeCertificate } from '../helpers/certificates.ts';
import { startCluster } from '../helpers/cluster.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { ask, read } from '../helpers/http.ts';
import { peakBytes } from '../helpers/peak-memory.ts';
import { childrenOf } from '../helpers/process-tree.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

/**
 * Attacks on an edge with its default limits: by one reader who requests much and reads nothing, and by publishers.
 * `test:attack` has more of them.
 */

const SITE = 'www';
const HOST = '127.0.0.1';
/**
 * The most descriptors beside those of an edge with one site: one for each connection and one for each body that is
 * sent.
 */
const MOST_DESCRIPTORS = 1200;
/**
 * The most memory, including the modules that are loaded only when these attacks need them. Without its bounds, the
 * process would take gigabytes.
 */
const MOST_BYTES = 130e6;
/** The most memory of all processes of a role. */
const MOST_OF_ROLE_BYTES = 500e6;

const certs = t.testdir();
await writeCertificate(join(certs, 'a'), ['elsewhere.example']);
const [securePort = 0] = await freePorts(1);
const args = () => ['--tls-port', String(securePort), '--certs', certs];
const cluster = await startCluster({ edges: 1, args });
t.teardown(() => cluster.close());
const [edge] = cluster.edges;
if (edge?.running === undefined) throw new Error('a cluster of one edge has one');
const large = Buffer.alloc(20_000_000, 'large');
const folder = await writeTree(join(cluster.folder, SITE), {
  ...{ 'a.css': 'a {}', 'page.html': Array.from({ length: 20_000 }, (_, i) => i).join(' ') },
  l: large,
  m: large.subarray(0, 1_000_000),
});
const published = await cluster.skerry('publish', folder, '--site', SITE, '--wait');
if (published.code !== 0) throw new Error(published.stderr);
const [serving = 0] = await childrenOf(edge.running.pid);
await read(edge.url, SITE, 'a.css');
const before = await peakBytes(serving);
const port = Number(new URL(edge.url).port);
const secure = { host: HOST, port: securePort };
const asked = { host: SITE, path: '/l', size: large.length };

async function survives(t: Test, attack: Promise<unknown>): Promise<void> {
  let isOver = false;
  const over = attack.finally(() => {
    isOver = true;
  });
  let most = 0;
  const statuses = new Set<number>();
  while (!isOver) {
    statuses.add((await read(edge?.url ?? '', SITE, 'a.css')).status);
    most = Math.max(most, (await readdir(`/proc/${serving}/fd`)).length);
    await pause(5);
  }
  await over;
  t.same([...statuses], [200], 'readers beside it are answered');
  t.ok(most < MOST_DESCRIPTORS, `${most} descriptors`);
  const grown = (await peakBytes(serving)) - before;
  t.ok(grown < MOST_BYTES, `${Math.round(grown / 1e6)} MB more`);
}

t.test('1,500 ranges in a row on each of 14 connections', (t) =>
  survives(t, pipelinedRanges({ host: HOST, port }, asked, { seconds: 1 })),
);

t.test('150 files of 1 MB over TLS that nobody reads', (t) =>
  survives(
    t,
    unreadSecurely(
      secure,
      { host: `${SITE}.localhost`, path: '/m', size: 1_000_000 },
      { connections: 150, seconds: 1 },
    ),
  ),
);

t.test('128 streams without a window on each of 30 connections', (t) =>
  survives(t, closedWindows({ host: HOST, port: securePort }, asked, { sessions: 30, seconds: 1 })),
);

t.test('heads of half a megabyte, which are some hundred bytes on the wire', async (t) => {
  await until('a variant', async () => {
    const asked = { headers: { host: SITE, 'accept-encoding': 'br' } };
    return (await ask(edge.url, '/page.html', asked)).headers['content-encoding'] === 'br';
  });
  const spent = await cpuMs(serving);
  await survives(
    t,
    sendFrames(secure, `${SITE}.localhost`, longHeads(`${SITE}.localhost`, '/page.html'), {
      connections: 4,
      seconds: 3,
    }),
  );
  const took = (await cpuMs(serving)) - spent;
  t.ok(took < 1500, `${took} ms of the processor`);
});

t.test('heads that name a field 12,000 times', async (t) => {
  const attack = sendFrames(secure, SITE, headBombs(SITE, '/a.css', 100), { connections: 4, seconds: 2 });
  await survives(t, attack);
  t.equal((await attack).ended, 4, 'who sends them is ended');
});

t.test('publishers who purge without end hold up nobody', async (t) => {
  const outcome = await attackWithPurges(cluster, { sites: 2, purges: 20 });
  t.equal(outcome.tooLarge, 413);
  t.ok(outcome.taken >= 2 * 16, 'a burst is taken');
  t.ok(outcome.refused > 0, 'what goes on is told to wait');
  for (const [who, bytes] of Object.entries(outcome.peaks))
    t.ok(bytes < MOST_OF_ROLE_BYTES, `${who}: ${bytes} bytes`);
  t.comment(JSON.stringify(outcome));
});

/** The CPU time that a process has used so far. */
async function cpuMs(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return 10 * (Number(fields[11]) + Number(fields[12]));
}
