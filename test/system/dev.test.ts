import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { cli } from '../helpers/cli.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { ask, read } from '../helpers/http.ts';
import { skerry, start } from '../helpers/processes.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

const ADMIN_OFFSET = 100;
const IS_LIVE = /revision (\d+) is live/;

/** `skerry dev` on ports of its own; edges take three in a row, admin ports as far above, and the status follows. */
async function startDev(t: Test, ...dir: string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'skerry-dev-'));
  const [port = 0, edgePort = 0] = await freePorts(1 + ADMIN_OFFSET + 4);
  const data = join(folder, 'data');
  const args = ['dev', ...dir, '--data', data, '--port', String(port), '--edge-port', String(edgePort)];
  const dev = await start(args, IS_LIVE);
  t.teardown(async () => {
    await dev.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const env = { SKERRY_ORIGIN: `http://127.0.0.1:${port}` };
  return {
    dev,
    data,
    edges: [0, 1, 2].map((i) => `http://127.0.0.1:${edgePort + i}`),
    statusUrl: `http://127.0.0.1:${edgePort + ADMIN_OFFSET + 3}`,
    skerry: (...command: string[]) => cli([...command, '--data', data], env),
  };
}

const shows = (edges: readonly string[], site: string, path: string, content: string) =>
  until(`${path} to be ${content}`, async () => {
    const answers = await Promise.all(edges.map((edge) => read(edge, site, path).catch(() => undefined)));
    return answers.every((answer) => answer?.status === 200 && answer.body.toString() === content);
  });

t.test('skerry dev publishes the example to three edges and ends cleanly', async (t) => {
  const { dev, data, edges, skerry, statusUrl } = await startDev(t);
  const file = join(data, 'example/index.html');
  const page = await readFile(file, 'utf8');
  t.match(page, `<code>${file}</code>`, 'the page names the file to edit');
  await shows(edges, 'example', '', page);
  for (const edge of edges) t.match(dev.output().stdout, new URL(edge).port, 'the table names every edge');
  t.match(dev.output().stdout, join(data, 'origin/admin-token'), "and the token's place");
  const status = await skerry('status', '--json');
  t.match(JSON.parse(status.stdout), {
    origin: { sites: [{ name: 'example', revision: 1 }] },
    edges: [{ online: true }, { online: true }, { online: true }],
  });

  await writeFile(file, page.replace('island', 'rock'));
  await shows(edges, 'example', '', page.replace('island', 'rock'));
  const { revision, save } = await until('the receipts of the save', async () => {
    const told = JSON.parse((await ask(statusUrl, '/status')).body.toString());
    return told.save?.arrivals.every(({ ms }: { ms: number | null }) => ms !== null) && told;
  });
  t.match(
    [revision, save],
    [2, { revision: 2, files: ['index.html'], fileBytes: Buffer.byteLength(page) - 2 }],
  );
  for (const { edge, ms, bytes } of save.arrivals) {
    t.ok(ms < 30_000, `${edge} had it after ${ms} ms`);
    t.ok(bytes > 100 && bytes < 50_000, `${bytes} bytes passed between ${edge} and the origin`);
  }

  t.equal(await dev.stop('SIGINT'), 0, 'Ctrl-C is no failure');
  t.equal(
    dev.output().stderr.replace(/^The recovery key is in [^\n]*\n/, ''),
    '',
    'nothing to complain about',
  );
});

t.test('skerry dev names the port of an edge that is in use, before it starts anything', async (t) => {
  const [port = 0, edgePort = 0] = await freePorts(1 + ADMIN_OFFSET + 4);
  const site = await writeTree(join(t.testdir({}), 'docs'), { 'index.html': 'one' });
  for (const taken of [edgePort + 1, edgePort + ADMIN_OFFSET + 2]) {
    const other = createServer().listen(taken, '127.0.0.1');
    await once(other, 'listening');
    const data = join(t.testdirName, `data-${taken}`);
    const { code, stderr } = await skerry([
      ...['dev', site, '--data', data, '--port', String(port), '--edge-port', String(edgePort)],
    ]);
    other.close();
    t.equal(code, 1);
    t.match(stderr, `port ${taken} of 127.0.0.1 is in use`);
    t.notOk(existsSync(data), 'nothing has begun');
  }
});

t.test('skerry dev ends in order when an edge ends before the origin listens', async (t) => {
  const [port = 0, edgePort = 0] = await freePorts(1 + ADMIN_OFFSET + 4);
  const site = await writeTree(join(t.testdir({}), 'docs'), { 'index.html': 'one' });
  const data = await writeTree(join(t.testdirName, 'data'), { 'edge-1/identity.json': 'no JSON' });
  const { code, stderr } = await skerry([
    ...['dev', site, '--data', data, '--port', String(port), '--edge-port', String(edgePort)],
  ]);
  t.equal(code, 1);
  t.match(stderr, 'edge-1 is not empty');
  t.notMatch(stderr, 'node:internal', 'no stack');
  t.notMatch(stderr, 'AlreadyExplained');
});

t.test('a watched folder is followed; a rollback stands until it changes', async (t) => {
  const site = await writeTree(join(t.testdir({}), 'docs'), { 'index.html': 'one', 'old.txt': 'old' });
  const { edges, skerry } = await startDev(t, site);
  await shows(edges, 'docs', 'index.html', 'one');
  await writeFile(join(site, 'index.html'), 'two');
  await shows(edges, 'docs', 'index.html', 'two');

  t.equal((await skerry('rollback', 'docs')).code, 0);
  await shows(edges, 'docs', 'index.html', 'one');
  await rm(join(site, 'old.txt'));
  await writeFile(join(site, 'new name.txt'), 'new');
  await shows(edges, 'docs', 'new name.txt', 'new');
  await shows(edges, 'docs', 'index.html', 'two');
  const gone = await Promise.all(edges.map((edge) => read(edge, 'docs', 'old.txt')));
  t.strictSame(
    gone.map(({ status }) => status),
    [404, 404, 404],
  );

  const { revisions } = JSON.parse((await skerry('revisions', 'docs', '--json')).stdout);
  t.equal(revisions.find((revision: { restores: number | null }) => revision.restores !== null).restores, 1);
});

t.test(
  'an older Node starts the one that Skerry brings along, and takes it along when it is killed',
  async (t) => {
    const old = '/usr/bin/node';
    const version = existsSync(old) ? execFileSync(old, ['--version'], { encoding: 'utf8' }) : '';
    if (!/^v(1\d|2[0-5])\./.test(version)) return t.pass('there is no older Node here');
    const launcher = join(import.meta.dirname, '../../bin/launch.js');
    t.match(execFileSync(old, [launcher, '--version'], { encoding: 'utf8' }), /^\d+\.\d+\.\d+\n$/);
    const [port = 0] = await freePorts(1);
    const url = `http://127.0.0.1:${port}/healthz`;
    const data = join(t.testdir({}), 'data');
    const child = spawn(old, [launcher, 'origin', '--data', data, '--port', String(port)], {
      stdio: 'ignore',
    });
    const answers = () =>
      fetch(url).then(
        (answer) => answer.ok,
        () => false,
      );
    await until('the origin to listen', answers);
    child.kill('SIGKILL');
    await until('the origin to end', async () => !(await answers()));
  },
);
