import t from 'tap';
import { payloadText } from '../../../../shared/log/record-limits.ts';
import {
  EVERYTHING,
  MOST_PURGED,
  type PurgeTarget,
  purgesOfPaths,
  unitedTarget,
} from '../../../../shared/site/purge.ts';

const target = (changes: Partial<PurgeTarget>): PurgeTarget => ({ ...EVERYTHING, all: false, ...changes });

t.test('the paths of one commit become purges that records can hold', async (t) => {
  const longest = (i: number) => `${i}`.padEnd(1024, '"');
  for (const [title, paths] of [
    ['none', []],
    ['one', ['a']],
    ['many', Array.from({ length: 2000 }, (_, i) => `${i}`)],
    ['long ones', Array.from({ length: 2000 }, (_, i) => longest(i))],
  ] as const) {
    const purges = purgesOfPaths(paths);
    t.strictSame(
      purges.flatMap((purge) => purge.paths),
      [...paths],
      title,
    );
    for (const purge of purges) {
      t.doesNotThrow(() => payloadText('purge', purge), title);
      t.ok(purge.paths.length > 0 && purge.paths.length <= MOST_PURGED.paths);
    }
  }
});

t.test('several purges are one of all that they name', async (t) => {
  t.strictSame(unitedTarget([target({ paths: ['a'] }), target({ paths: ['a', 'b'], tags: ['t'] })]), {
    all: false,
    paths: ['a', 'b'],
    globs: [],
    tags: ['t'],
  });
  t.strictSame(unitedTarget([target({ paths: ['a'] }), EVERYTHING]), EVERYTHING);
});
