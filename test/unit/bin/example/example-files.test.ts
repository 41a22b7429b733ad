import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { filled, layOutExample } from '../../../../bin/example/example-files.ts';

async function places(t: Test, shipped: Record<string, string>) {
  const root = t.testdir({ source: shipped, data: {} });
  const [source, data] = [join(root, 'source'), join(root, 'data')];
  const folder = join(data, 'example');
  return {
    source,
    folder,
    layOut: (port: string) =>
      layOutExample({ source, folder, written: join(data, 'example.json') }, { port }),
    read: (name: string) => readFile(join(folder, name), 'utf8'),
  };
}

t.test('facts stand where they are asked for, as text', async (t) => {
  t.equal(filled('{{a}} and {{ a }} and {{a}}', { a: '1' }), '1 and {{ a }} and 1');
  t.equal(filled('<p>{{file}}</p>', { file: `/a&b/<i>"'` }), '<p>/a&#38;b/&#60;i&#62;&#34;&#39;</p>');
  t.throws(() => filled('{{b}}', { a: '1' }), /{{b}}, which is not a known name/);
});

t.test('the shipped example and its facts are followed', async (t) => {
  const { source, layOut, read, folder } = await places(t, { 'index.html': 'at {{port}}', 'a.css': 'one' });
  await layOut('1');
  t.equal(await read('index.html'), 'at 1');
  const before = await stat(join(folder, 'a.css'));
  await writeFile(join(source, 'new.css'), 'new');
  await layOut('2');
  t.equal(await read('index.html'), 'at 2');
  t.equal(await read('new.css'), 'new');
  t.equal((await stat(join(folder, 'a.css'))).mtimeMs, before.mtimeMs, 'what stays the same is not written');
});

t.test('what somebody has changed or removed stays so', async (t) => {
  const { source, layOut, read, folder } = await places(t, { 'index.html': 'at {{port}}', 'a.css': 'one' });
  await layOut('1');
  await writeFile(join(folder, 'index.html'), 'mine');
  await writeFile(join(folder, 'extra.html'), 'mine');
  await rm(join(folder, 'a.css'));
  for (const port of ['2', '3']) {
    await writeFile(join(source, 'a.css'), `of ${port}`);
    await layOut(port);
    t.equal(await read('index.html'), 'mine');
    t.strictSame((await readdir(folder)).sort(), ['extra.html', 'index.html']);
  }
  await writeFile(join(folder, 'index.html'), 'at 3');
  await layOut('3');
  await layOut('4');
  t.equal(await read('index.html'), 'at 4', 'what was put back is followed again');
});

t.test('a folder that is gone comes back whole', async (t) => {
  const { layOut, read, folder } = await places(t, { 'index.html': 'at {{port}}' });
  await layOut('1');
  await rm(folder, { recursive: true });
  await layOut('1');
  t.equal(await read('index.html'), 'at 1');
});
