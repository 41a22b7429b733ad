import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import { createProgram } from '../../../bin/program.ts';

/** Most of the time that a short command takes goes into what it loads. */
const ROOT = join(import.meta.dirname, '../../..');
const PROGRAM = pathToFileURL(join(ROOT, 'bin/program.ts')).href;
const HEAVY = [
  ...['undici', 'typebox', 'fastify', 'pino', 'piscina', 'yaml', 'croner', 'prom-client', 'lru-cache'],
  ...['chokidar', 'ignore', 'cli-progress', '@bomb.sh/tab', 'open', '@aws-sdk/client-s3', '@peculiar/x509'],
];
const HEAVY_FILES = ['origin/main.ts', 'edge/main.ts', 'origin/client/api-client.ts'];

const LISTING = `
import { writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
const loaded = [];
registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
process.on('exit', () => writeFileSync(2, JSON.stringify(loaded)));`;

/** The URLs of all that a program loads, in a process of its own. */
function loadedBy(t: Test, program: string): readonly string[] {
  const hook = `data:text/javascript,${encodeURIComponent(LISTING)}`;
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', hook, '--input-type=module', '--eval', program],
    { encoding: 'utf8', cwd: t.testdir({}), env: { ...process.env, NODE_OPTIONS: '' } },
  );
  t.equal(status, 0, stderr);
  return JSON.parse(stderr);
}

/** The names of all commands, those of commands included. */
function commandLines(command = createProgram(), before: readonly string[] = []): string[][] {
  return command.commands.flatMap((child) => {
    const line = [...before, child.name()];
    return [line, ...commandLines(child, line)];
  });
}

t.test('the help of no command loads a library or a role', async (t) => {
  const lines = commandLines();
  t.ok(lines.length > 25, `${lines.length} commands`);
  const loaded = loadedBy(
    t,
    `const { createProgram } = await import(${JSON.stringify(PROGRAM)});
    process.stdout.write = () => true;
    for (const line of ${JSON.stringify(lines)})
      await createProgram().parseAsync(['help', ...line], { from: 'user' });`,
  );
  t.ok(loaded.includes(PROGRAM), 'what is loaded is seen');
  for (const library of HEAVY)
    t.notOk(
      loaded.some((url) => url.includes(`/node_modules/${library}/`)),
      library,
    );
  for (const file of HEAVY_FILES) t.notOk(loaded.includes(pathToFileURL(join(ROOT, file)).href), file);
});

t.test(
  'an origin without a bucket and on loopback loads neither the AWS SDK nor what writes certificates',
  async (t) => {
    const loaded = loadedBy(
      t,
      `await import(${JSON.stringify(pathToFileURL(join(ROOT, 'origin/main.ts')).href)});`,
    );
    t.ok(loaded.some((url) => url.includes('/node_modules/fastify/')));
    t.notOk(loaded.some((url) => url.includes('/node_modules/@aws-sdk/')));
    t.notOk(loaded.some((url) => url.includes('/node_modules/@peculiar/')));
    t.notOk(loaded.some((url) => url.includes('/node_modules/@fastify/swagger-ui/')));
    t.notOk(loaded.some((url) => url.includes('/node_modules/@fastify/static/')));
    t.notOk(loaded.some((url) => url.includes('/origin/api/examples/')));
  },
);

t.test('what runs in a thread does not load what starts threads', async (t) => {
  const worker = pathToFileURL(join(ROOT, 'shared/hashing/hash.worker.ts')).href;
  const loaded = loadedBy(t, `await import(${JSON.stringify(worker)});`);
  t.ok(loaded.includes(worker));
  t.notOk(loaded.some((url) => url.includes('/node_modules/piscina/')));
});
