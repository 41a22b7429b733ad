import t from 'tap';
import type { StoredLog } from '../../../../origin/catalog/retention-calls.ts';
import { planLog, planLogUpToNow } from '../../../../origin/retention/log-plan.ts';

const log = (first: number, head: number, ...checkpoints: number[]): StoredLog => ({
  first,
  head,
  checkpoints,
  bytes: 0,
  bytesAfter: checkpoints.map(() => 0),
});
const HUNDRED = { records: 100, bytes: 1000 };

t.test('a log of which the last 100 records are kept', async (t) => {
  const table: [title: string, log: StoredLog, append: boolean, before: number][] = [
    ['only founded', log(1, 1), false, 1],
    ['short', log(1, 100), false, 1],
    ['long enough', log(1, 101), true, 1],
    ['a checkpoint is near', log(1, 150, 102), false, 1],
    ['it is more than half away', log(1, 153, 102), true, 1],
    ['it has nearly all behind it', log(1, 201, 102, 154), false, 1],
    ['it has all behind it', log(1, 202, 102, 154), false, 102],
    ['the newest of several that have', log(1, 300, 50, 102, 154, 260), false, 154],
    ['pruned', log(102, 202, 102, 154), false, 102],
    ['pruned in part', log(77, 202, 102, 154), false, 102],
    ['its prune by hand was killed', log(77, 130, 102), false, 102],
    ['pruned by hand, then quiet', log(500, 550, 500), false, 500],
  ];
  for (const [title, given, append, before] of table)
    t.strictSame(planLog(given, HUNDRED), { append, before }, title);
});

t.test('a log of which the last 1000 bytes are kept', async (t) => {
  const table: [title: string, bytes: number, bytesAfter: number[], append: boolean, before: number][] = [
    ['small', 999, [], false, 1],
    ['large enough', 1000, [], true, 1],
    ['a checkpoint is near', 1400, [400], false, 1],
    ['it is more than half away', 1501, [501], true, 1],
    ['it has nearly all behind it', 1999, [999, 480], false, 1],
    ['it has all behind it', 2010, [1000, 490], false, 3],
    ['one record is larger than all that is kept', 9000, [8000, 4000], true, 5],
  ];
  for (const [title, bytes, bytesAfter, append, before] of table) {
    const checkpoints = bytesAfter.map((_, i) => 3 + 2 * i);
    const given = { first: 1, head: 9, checkpoints, bytes, bytesAfter };
    t.strictSame(planLog(given, HUNDRED), { append, before }, title);
  }
});

t.test('years of records', async (t) => {
  let stored = log(1, 1);
  for (let head = 1; head < 5000; head += 7) {
    stored = { ...stored, head };
    const { append, before } = planLog(stored, HUNDRED);
    if (before < stored.first) t.fail('what is pruned comes back');
    if (before !== stored.first && !stored.checkpoints.includes(before)) t.fail('it begins at no checkpoint');
    const checkpoints = stored.checkpoints.filter((checkpoint) => checkpoint >= before);
    stored = {
      ...stored,
      first: before,
      head: head + Number(append),
      checkpoints: append ? [...checkpoints, ++head] : checkpoints,
    };
    const isPruned = before > 1;
    if (head - before > (isPruned ? 160 : 210)) t.fail(`${head - before} records stay`);
    if (isPruned && head - before < 100) t.fail(`only ${head - before} records stay`);
  }
  t.ok(stored.first > 4800);
});

t.test('asked for by hand', async (t) => {
  t.strictSame(planLogUpToNow(log(1, 10)), { append: true, before: 11 });
  t.strictSame(planLogUpToNow(log(1, 10, 5)), { append: true, before: 11 });
  t.strictSame(planLogUpToNow(log(1, 11, 11)), { append: false, before: 11 }, 'killed after the checkpoint');
  t.strictSame(planLogUpToNow(log(11, 11, 11)), { append: false, before: 11 });
});
