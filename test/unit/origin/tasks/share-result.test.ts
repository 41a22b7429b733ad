import t from 'tap';
import { afterResult, MOST_FAILURES } from '../../../../origin/tasks/share-result.ts';
import type { TaskResult } from '../../../../shared/log/task-result.ts';
import { attempt, NONCE, NOW, shareRow } from './task-rows.ts';

const result = (changes: Partial<TaskResult> = {}): TaskResult => ({
  ...{ log: '', epoch: 1, edge: 'oslo', task: 1, share: 0, attempt: 1, nonce: NONCE, time: 5, sig: '' },
  ...{ outcome: 'done', result: '{"isSound":true}' },
  ...changes,
});
const failure = (code = 'internal', changes: Partial<TaskResult> = {}) =>
  result({ outcome: 'failed', result: JSON.stringify({ code, message: 'why' }), ...changes });
const share = shareRow({ edge: null, attempts: [attempt('oslo')] });

t.test('a result ends the share', async (t) => {
  t.strictSame(afterResult(share, result(), NOW), {
    ...share,
    ...{ state: 'done', by: 'oslo', result: '{"isSound":true}' },
  });
});

t.test('it counts once, and only for an attempt that this edge was given', async (t) => {
  t.equal(afterResult({ ...share, state: 'done' }, result(), NOW), undefined);
  t.equal(afterResult({ ...share, state: 'cancelled' }, result(), NOW), undefined);
  t.equal(afterResult(share, result({ edge: 'rome' }), NOW), undefined, "another edge's attempt");
  t.equal(afterResult(share, result({ attempt: 2 }), NOW), undefined, 'an attempt that nobody was given');
  t.equal(
    afterResult(share, result({ nonce: 'o'.repeat(22) }), NOW),
    undefined,
    'an attempt of the same numbers, from before the catalog was restored',
  );
  t.equal(afterResult(shareRow(), result(), NOW), undefined, 'before anybody was given it');
});

t.test('the result of an edge that was given up counts if it is the first', async (t) => {
  const moved = shareRow({
    edge: null,
    attempts: [attempt('oslo', { isActive: false }), attempt('rome', { attempt: 2 })],
  });
  t.match(afterResult(moved, result(), NOW), { state: 'done', by: 'oslo' });
  t.equal(afterResult(moved, failure(), NOW), undefined, 'its failure does not');
});

t.test('a failure is tried again, later and later, and not for ever', async (t) => {
  let current = share;
  const waits: number[] = [];
  for (let i = 1; i < MOST_FAILURES; i++) {
    const after = afterResult(current, failure('internal', { attempt: i }), NOW, () => 1);
    t.match(after, { state: 'open', failures: i, by: null, result: null });
    t.equal(
      after?.attempts.some(({ isActive }) => isActive),
      false,
    );
    waits.push(Number(after?.notBefore) - NOW);
    current = {
      ...share,
      failures: i,
      attempts: [...(after?.attempts ?? []), attempt('oslo', { attempt: i + 1 })],
    };
  }
  t.strictSame(waits, [10_000, 20_000, 40_000]);
  t.match(afterResult(current, failure('internal', { attempt: MOST_FAILURES }), NOW), {
    ...{ state: 'failed', by: 'oslo' },
    result: '{"code":"internal","message":"why"}',
  });
});

t.test('what an edge refuses it would refuse again', async (t) => {
  const own = shareRow({ edge: 'oslo', attempts: [attempt('oslo')] });
  for (const code of ['bad-request', 'bad-pattern', 'edge-stays-behind'])
    t.match(afterResult(own, failure(code), NOW), { state: 'failed', failures: 1 }, code);
  t.match(afterResult(own, failure('no-such-site'), NOW), { state: 'open' }, 'a site may still come');
  t.match(afterResult(share, failure('bad-request'), NOW), { state: 'open' }, 'another edge may take it');
});

t.test('a failure beside an edge that still works decides nothing', async (t) => {
  const both = shareRow({
    edge: null,
    failures: 3,
    attempts: [attempt('oslo'), attempt('rome', { attempt: 2 })],
  });
  const after = afterResult(both, failure('bad-request', { edge: 'rome', attempt: 2 }), NOW, () => 1);
  t.match(after, { state: 'open', failures: 3, attempts: [{ isActive: true }, { isActive: false }] });
  t.ok(Number(after?.notBefore) > NOW, 'a third edge waits');
  t.match(after && afterResult(after, result(), NOW), { state: 'done', by: 'oslo' });
});
