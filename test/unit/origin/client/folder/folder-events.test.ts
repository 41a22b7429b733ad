import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import t from 'tap';
import { watchFolderEvents } from '../../../../../origin/client/folder/folder-events.ts';
import { until } from '../../../../helpers/until.ts';

t.test('rules that change while others are being taken in are followed', async (t) => {
  const folder = t.testdir({});
  // So many that it takes a while to look at them all.
  for (let i = 0; i < 200; i++) {
    mkdirSync(join(folder, `d${i}`));
    for (let j = 0; j < 5; j++) writeFileSync(join(folder, `d${i}`, `${j}`), '');
  }
  const write = (path: string, content: string) => writeFileSync(join(folder, path), content);
  let wanted = 'none.txt';
  let saves = 0;
  const touched = new Set<string>();
  const events = await watchFolderEvents(folder, [], {
    touched(paths) {
      for (const path of paths) touched.add(path);
    },
    renewed: () => write(wanted, `save ${++saves}`),
    failed: (error) => t.fail(String(error)),
  });
  try {
    // The second change falls into another part of taking in the first each time.
    for (const ms of [60, 100]) {
      wanted = `after-${ms}.txt`;
      write('.skerryignore', '*.txt\n');
      await setTimeout(ms);
      write('.skerryignore', `*.txt\n!${wanted}\n`);
      await until(`${wanted} to be noticed`, () => touched.has(wanted));
    }
  } finally {
    // Before the folder is taken away.
    await events.close();
  }
  t.notOk(touched.has('none.txt'));
});

t.test('a folder that goes is no failure, and what is beside it is never looked at', async (t) => {
  const base = t.testdir({ beside: { 'b.txt': 'b' } });
  const folder = join(base, 'site');
  const fill = () => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'a.txt'), 'a');
  };
  fill();
  let renewed = 0;
  const failures: unknown[] = [];
  const events = await watchFolderEvents(folder, [], {
    touched: () => {},
    renewed: () => renewed++,
    failed: (error) => failures.push(error),
  });
  try {
    for (let round = 1; round <= 3; round++) {
      rmSync(folder, { recursive: true });
      await until('the folder to be missed', () => renewed === 2 * round - 1);
      fill();
      await until('the folder to be back', () => renewed === 2 * round);
    }
  } finally {
    await events.close();
  }
  t.strictSame(failures, []);
});
