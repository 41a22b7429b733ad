import t from 'tap';
import { Assignments } from '../../../../../edge/work/tasks/assignments.ts';
import { type Digest, digestOf } from '../../../../../shared/content/digest.ts';
import { type Assignment, assignmentList } from '../../../../../shared/work/assignment.ts';

const assignment = (task: number): Assignment => ({
  ...{ task, share: 0, attempt: 1, nonce: 'n'.repeat(22), kind: 'count', args: {} },
});
function listOf(...tasks: number[]): { text: string; digest: Digest; list: Assignment[] } {
  const list = tasks.map(assignment);
  const signed = assignmentList(list);
  if (signed === null) throw new Error('an empty list has no text');
  return { ...signed, list };
}
const one = listOf(1);
const two = listOf(1, 2);
const said = (list: readonly Assignment[], isUnreadable = false) => ({ kind: 'list', list, isUnreadable });

t.test('the list that the grant names is in effect when it has come', async (t) => {
  const assignments = new Assignments();
  t.strictSame(assignments.take(null, undefined), said([]), 'none');
  t.strictSame(assignments.take(one.digest, one.text), said(one.list));
  t.equal(assignments.digest, one.digest);
  t.strictSame(assignments.take(one.digest, undefined), said(one.list), 'it is not sent again');
  t.strictSame(assignments.take(one.digest, 'anything'), said(one.list), 'and not read again');
  t.strictSame(assignments.take(two.digest, two.text), said(two.list));
  t.strictSame(assignments.take(null, one.text), said([]), 'an empty one needs none');
  t.equal(assignments.digest, null);
});

t.test('a list that is withheld, old or altered does not count', async (t) => {
  const assignments = new Assignments();
  assignments.take(one.digest, one.text);
  for (const [text, kind] of [
    [undefined, 'missing'],
    [one.text, 'altered'],
    [two.text.replace('"task":2', '"task":3'), 'altered'],
    [`${two.text} `, 'altered'],
    ['', 'altered'],
  ] as const) {
    t.strictSame(assignments.take(two.digest, text), { kind }, text ?? 'withheld');
    t.equal(assignments.digest, one.digest, 'the report says so');
  }
  t.strictSame(assignments.take(one.digest, undefined), said(one.list), 'the origin wants the old one again');
});

t.test('a list in a form that is not known replaces the one before it', async (t) => {
  const assignments = new Assignments();
  assignments.take(one.digest, one.text);
  const text = '[{"later":"form"}]';
  t.strictSame(assignments.take(digestOf(text), text), said([], true));
  t.equal(assignments.digest, digestOf(text), 'it is not sent again');
  t.strictSame(assignments.take(digestOf(text), undefined), said([]), 'and told of once');
});
