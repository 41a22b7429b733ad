import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';

const MODULE = pathToFileURL(join(import.meta.dirname, '../../../../bin/terminal/interruption.ts')).href;

/** Works for ever; when it is interrupted, it says so and ends once it is told to. */
const PROGRAM = `
const { aborted, interruption } = await import(${JSON.stringify(MODULE)});
const signal = interruption();
const work = setInterval(() => {}, 1000);
console.log('works');
await aborted(signal);
console.log('interrupted');
process.stdin.once('data', () => { clearInterval(work); process.stdin.destroy(); });
`;

async function running() {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const said = async (word: string) => {
    for await (const line of child.stdout.iterator({ destroyOnReturn: false }))
      if (String(line).includes(word)) return;
  };
  await said('works');
  return { child, said, ended: once(child, 'exit') };
}

t.test('the same interruption twice is one: it is ended in order', async (t) => {
  const { child, said, ended } = await running();
  child.kill('SIGINT');
  child.kill('SIGINT');
  await said('interrupted');
  child.stdin.write('end\n');
  t.strictSame(await ended, [0, null]);
});

t.test('a later one ends it at once', async (t) => {
  const { child, said, ended } = await running();
  child.kill('SIGINT');
  await said('interrupted');
  const insisting = setInterval(() => child.kill('SIGINT'), 20);
  t.strictSame(await ended, [null, 'SIGINT']);
  clearInterval(insisting);
});
