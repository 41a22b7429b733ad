import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import { cachedFolder } from '../../../infra/folder-cache.ts';

const name = (i: number) => String(i).padStart(16, '0');
const fill = async (partial: string) => {
  writeFileSync(join(partial, 'a'), 'one');
  for (let turn = 0; turn < 20; turn++) await setImmediate();
  writeFileSync(join(partial, 'b'), 'two');
  return true;
};
const setAge = (path: string, minutes: number) => {
  const time = new Date(Date.now() - minutes * 60_000);
  utimesSync(path, time, time);
};

t.test('many that need the folder at the same time all get it whole', async (t) => {
  const cache = t.testdir({});
  for (let i = 10; i < 20; i++) mkdirSync(join(cache, name(i)));
  const folder = join(cache, name(1));
  const found = await Promise.all(Array.from({ length: 8 }, () => cachedFolder(folder, fill)));
  t.strictSame(found, Array(8).fill(true));
  t.strictSame(
    ['a', 'b'].map((file) => readFileSync(join(folder, file), 'utf8')),
    ['one', 'two'],
  );
  t.equal(readdirSync(cache).length, 4, 'nothing partial is left, and few older folders');
});

t.test('the folders that were used last stay; what others write and what is not ours too', async (t) => {
  const cache = t.testdir({});
  const paths = [11, 12, 13, 14, 15].map((i) => join(cache, name(i)));
  for (const [i, path] of paths.entries()) {
    mkdirSync(path);
    setAge(path, i);
  }
  const [written, abandoned, other] = ['.aaaaaa', '.bbbbbb', 'x'].map((end) =>
    join(cache, name(1) + end),
  ) as [string, string, string];
  for (const path of [written, abandoned, other]) mkdirSync(path);
  setAge(abandoned, 120);
  setAge(other, 120);
  const oldest = join(cache, name(15));
  t.equal(await cachedFolder(oldest, fill), true, 'it is used again');
  t.notOk(existsSync(join(oldest, 'a')));
  await cachedFolder(join(cache, name(1)), fill);
  t.strictSame(
    readdirSync(cache).sort(),
    [name(1), written.slice(-23), other.slice(-17), name(11), name(12), name(15)].sort(),
  );
});

t.test('what cannot be filled leaves nothing behind', async (t) => {
  const cache = t.testdir({});
  t.equal(await cachedFolder(join(cache, name(1)), async () => false), false);
  await t.rejects(cachedFolder(join(cache, name(1)), () => Promise.reject(new Error('full'))));
  t.strictSame(readdirSync(cache), []);
});
