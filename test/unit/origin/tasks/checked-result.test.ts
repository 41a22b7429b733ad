import t from 'tap';
import { checkedResult } from '../../../../origin/tasks/checked-result.ts';
import type { TaskResult } from '../../../../shared/log/task-result.ts';

const PRUNED = '{"objects":1,"bytes":2}';
const FAILURE = '{"code":"internal","message":"why"}';
const result = (changes: Partial<TaskResult> = {}): TaskResult => ({
  ...{ log: '', epoch: 1, edge: 'oslo', task: 1, share: 0, attempt: 1, nonce: '', time: 5, sig: '' },
  ...{ outcome: 'done', result: PRUNED },
  ...changes,
});

t.test('a result in the form of its kind stays as it is', async (t) => {
  for (const one of [result(), result({ outcome: 'failed', result: FAILURE })])
    t.equal(checkedResult('prune', one), one);
});

t.test('a result of another form counts as a failure', async (t) => {
  const forms = ['', 'no JSON', '[]', 'null', '{}', '{"objects":-1,"bytes":2}', '['.repeat(20_000), FAILURE];
  for (const text of forms) {
    const checked = checkedResult('prune', result({ result: text }));
    t.match(checked, { outcome: 'failed', task: 1, attempt: 1 }, text.slice(0, 30));
    t.match(JSON.parse(checked.result), { code: 'upstream-protocol', message: /oslo sent/ });
  }
  t.match(checkedResult('later', result()), { outcome: 'failed' }, 'a kind that nobody knows');
});

t.test('so does an error of another form', async (t) => {
  for (const text of ['', '"x"', '{"code":1,"message":"x"}', `{"code":"x","message":"${'x'.repeat(501)}"}`]) {
    const checked = checkedResult('prune', result({ outcome: 'failed', result: text }));
    t.match(JSON.parse(checked.result), { code: 'upstream-protocol' }, text.slice(0, 30));
  }
});
