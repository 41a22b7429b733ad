import t from 'tap';
import { shareText } from '../../../../bin/tasks/share-text.ts';
import { progressRows } from '../../../../bin/tasks/task-progress.ts';
import { lineView } from '../../../../bin/tasks/task-view.ts';
import { share, sound, task } from './shares.ts';

const running = share('oslo', { state: 'running', attempts: 1, progress: { objects: 12, bytes: 3400 } });
const failed = share('rome', {
  state: 'failed',
  attempts: 4,
  result: { code: 'disk-full', message: 'the disk is full' },
});
const done = share('nice', { state: 'done', attempts: 1, result: sound });

t.test('the edges that work stand first, and then those with faults', (t) => {
  t.strictSame(progressRows(task([done, failed, share('away'), running]), 10), [
    'task 7, verify: 2 of 4 edges finished',
    '  oslo  running    12 objects, 3.4 kB',
    '  rome  failed     disk-full: the disk is full',
    '  away  queued     waits for the edge',
    '  nice  done       sound: 48 objects, 0 damaged',
  ]);
  t.end();
});

t.test('no more rows than there is room for', (t) => {
  const many = task(Array.from({ length: 300 }, (_, i) => share(`edge-${i}`)));
  for (const most of [1, 2, 3, 9]) t.equal(progressRows(many, most).length, most, `${most}`);
  t.equal(progressRows(many, 9).at(-1), '  and 293 other edges');
  t.equal(progressRows(task([running]), 2).length, 2);
  t.end();
});

t.test('what an edge did, in words', (t) => {
  const text = (changes: Parameters<typeof share>[1], edge: string | null = 'oslo', kind = 'verify') =>
    shareText(kind, share(edge, changes));
  t.equal(text({}, null), 'waits for an edge that can do it');
  t.equal(text({ attempts: 1 }), 'waits for its next attempt');
  t.equal(text({ state: 'assigned' }), 'has not begun yet');
  t.equal(text({ state: 'cancelled' }), '');
  t.equal(text({ state: 'expired', result: { code: 'task-expired', message: 'too late' } }), 'too late');
  t.equal(text({ state: 'done', result: { n: 1 } }), '{"n":1}', 'a result of another form');
  t.equal(text({ state: 'done', result: null }, 'oslo', 'dance'), 'null');
  t.equal(text({ state: 'done', result: 'x'.repeat(500) }).length, 121);
  for (const result of [null, 'text', [], { code: 1, message: {} }])
    t.equal(text({ state: 'failed', result }), '', JSON.stringify(result));
  const damaged = { ...sound, isSound: false, others: { objects: 0, damaged: 2 } };
  t.equal(text({ state: 'done', result: damaged }), 'DAMAGED: 46 objects, 2 damaged');
  t.end();
});

t.test('in a pipe each edge is told of once, when it ends', (t) => {
  const lines: string[] = [];
  const view = lineView((line) => lines.push(line));
  view.show(task([running, share('rome'), share('nice')]));
  t.strictSame(lines, []);
  view.show(task([running, failed, share('nice')]));
  view.show(task([share('oslo', { state: 'cancelled' }), failed, done]));
  t.strictSame(lines, [
    'rome: failed: disk-full: the disk is full',
    'oslo: cancelled',
    'nice: done: sound: 48 objects, 0 damaged',
  ]);
  t.end();
});
