import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { freePorts } from '../helpers/free-ports.ts';
import { ask } from '../helpers/http.ts';
import { skerry } from '../helpers/processes.ts';
import { ADMIN_OFFSET, shows, startDev } from '../helpers/started-dev.ts';
import { writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

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
