import t from 'tap';
import { digestOf } from '../../../../shared/content/digest.ts';
import {
  type Assignment,
  assignmentList,
  attemptKey,
  MAX_ASSIGNMENTS_BYTES,
  MAX_TASK_ARGUMENT_BYTES,
  MOST_ASSIGNMENTS,
  parseAssignments,
} from '../../../../shared/work/assignment.ts';

const one: Assignment = {
  task: 7,
  share: 0,
  attempt: 1,
  nonce: 'n'.repeat(22),
  kind: 'verify',
  args: { repair: true },
};

t.test('a list is its text and the digest of the text', async (t) => {
  t.equal(assignmentList([]), null, 'most edges have no assignments');
  const text =
    '[{"task":7,"share":0,"attempt":1,"nonce":"nnnnnnnnnnnnnnnnnnnnnn","kind":"verify","args":{"repair":true}}]';
  t.strictSame(assignmentList([one]), { text, digest: digestOf(text) });
  t.strictSame(parseAssignments(text), [one]);
});

t.test('kinds and arguments of later versions are let through, other forms are refused', async (t) => {
  const later = { ...one, kind: 'later-kind', args: ['any', { form: 1 }], more: 1 };
  t.match(parseAssignments(JSON.stringify([later])), [later]);
  const malformed = [
    ...['', '{}', '[1]', 'null'],
    ...[{ task: 0 }, { share: -1 }, { attempt: 0.5 }, { kind: '../x' }, { kind: '' }].map((change) =>
      JSON.stringify([{ ...one, ...change }]),
    ),
    JSON.stringify(Array.from({ length: MOST_ASSIGNMENTS + 1 }, () => one)),
  ];
  for (const text of malformed)
    t.throws(() => parseAssignments(text), { code: 'upstream-protocol' }, text.slice(0, 80));
});

t.test('the longest list is as long as a list may be', async (t) => {
  const most = Number.MAX_SAFE_INTEGER;
  const args = { paths: 'x'.repeat(MAX_TASK_ARGUMENT_BYTES - '{"paths":""}'.length) };
  const largest = {
    task: most,
    share: most,
    attempt: most,
    nonce: 'n'.repeat(22),
    kind: 'k'.repeat(40),
    args,
  };
  const list = assignmentList(Array.from({ length: MOST_ASSIGNMENTS }, () => largest));
  const bytes = Buffer.byteLength(list?.text ?? '');
  t.ok(bytes <= MAX_ASSIGNMENTS_BYTES, `${bytes} bytes`);
  t.equal(parseAssignments(list?.text ?? '').length, MOST_ASSIGNMENTS);
});

t.test('the key of an attempt names all of its parts', async (t) => {
  t.equal(attemptKey(one), '7/0/1/nnnnnnnnnnnnnnnnnnnnnn');
  t.equal(attemptKey({ task: 1, share: 23, attempt: 4, nonce: 'x' }), '1/23/4/x');
});
