import t from 'tap';
import {
  deployLines,
  folderState,
  planChanges,
  rolledBackFrom,
} from '../../../../../origin/client/folder/change-plan.ts';
import type { HashedFile } from '../../../../../origin/client/folder/hash-files.ts';
import type { ContentPath } from '../../../../../shared/content/content-path.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import type { Revision } from '../../../../../shared/wire/api.ts';

const path = (text: string) => text as ContentPath;
const file = (name: string, content: string): HashedFile => ({
  path: path(name),
  file: `/somewhere/${name}`,
  size: content.length,
  stamp: '',
  digest: digestOf(content),
});
const looked = (found: Readonly<Record<string, HashedFile | undefined>>) =>
  new Map(Object.entries(found).map(([name, now]) => [path(name), now]));

const A = file('a', 'one');
const B = file('b', 'two');
const before = folderState([A, B]);

t.test('the state of a folder is the digest of each path', async (t) => {
  t.strictSame(
    before,
    new Map([
      [path('a'), digestOf('one')],
      [path('b'), digestOf('two')],
    ]),
  );
  t.equal(folderState([]).size, 0);
});

t.test('a burst', async (t) => {
  const changed = file('a', 'three');
  const added = file('c', 'two');
  const table: [string, ReturnType<typeof looked>, HashedFile[], string[], HashedFile[]][] = [
    ['that touched nothing', looked({}), [], [], [A, B]],
    ['that left everything as it was', looked({ a: A, b: { ...B, stamp: 'another' } }), [], [], [A, B]],
    ['with a change', looked({ a: changed }), [changed], [], [changed, B]],
    ['with a new file, of known content', looked({ c: added }), [added], [], [A, B, added]],
    ['with a deletion', looked({ a: undefined }), [], ['a'], [B]],
    ['in which a file came and went', looked({ c: undefined }), [], [], [A, B]],
    ['with all of it', looked({ a: undefined, b: B, c: added }), [added], ['a'], [B, added]],
    ['that emptied the folder', looked({ a: undefined, b: undefined }), [], ['a', 'b'], []],
  ];
  for (const [name, now, put, deleted, after] of table) {
    t.strictSame(planChanges(before, now), { put, deleted, after: folderState(after) }, name);
  }
  t.strictSame(before, folderState([A, B]), 'what was before stays as it was');
});

t.test('a change and its reversal are two bursts', async (t) => {
  const { after } = planChanges(before, looked({ a: file('a', 'x') }));
  const back = planChanges(after, looked({ a: A }));
  t.strictSame(back.put, [A]);
  t.strictSame(back.after, before);
});

t.test('a file that replaces a folder, and a folder that replaces a file', async (t) => {
  const inFolder = file('dir/x', 'x');
  const asFile = file('dir', 'now a file');
  const state = folderState([inFolder]);
  const plan = planChanges(state, looked({ 'dir/x': undefined, dir: asFile }));
  t.strictSame(plan.put, [asFile]);
  t.strictSame(plan.deleted, ['dir/x']);
  t.strictSame(
    planChanges(plan.after, looked({ dir: undefined, 'dir/x': inFolder })).after,
    state,
    'and back again',
  );
});

t.test('the lines of a deploy', async (t) => {
  t.strictSame(deployLines({ put: [A], deleted: [path('x'), path('y')] }), [
    { path: 'a', digest: A.digest, size: 3 },
    { delete: 'x' },
    { delete: 'y' },
  ]);
  t.strictSame(deployLines({ put: [], deleted: [] }), []);
});

/** Revisions from signs, newest first: `5` plain, `5<3` restores 3, `*` is live, `?` waits, `!` was aborted. */
function history(...signs: string[]): Revision[] {
  return signs.map((sign) => {
    const [, number, restores, mark] = /^(\d+)(?:<(\d+))?([*?!])?$/.exec(sign) ?? [];
    return {
      revision: Number(number),
      seq: 1,
      root: digestOf(sign),
      base: 0,
      files: 0,
      bytes: 0,
      message: '',
      time: 0,
      restores: restores === undefined ? null : Number(restores),
      live: mark === '*',
      mode: 'async',
      state: mark === '?' ? 'pending' : mark === '!' ? 'aborted' : 'activated',
      pinned: false,
    };
  });
}

t.test('what a rollback turned away from', async (t) => {
  const table: [string, Revision[], number | undefined][] = [
    ['no revisions', [], undefined],
    ['nothing live', history('2', '1'), undefined],
    ['the live one is no rollback', history('3*', '2<1', '1'), undefined],
    ['a rollback', history('3<1*', '2', '1'), 2],
    ['a rollback of a rollback', history('4<1*', '3<2', '2', '1'), 2],
    ['a rollback with nothing before it that is known', history('3<1*'), undefined],
    ['only rollbacks before it', history('4<1*', '3<2'), undefined],
    ['a newer one that is not live', history('5', '4<1*', '3', '2', '1'), 3],
    ['a rollback that waits', history('4<1?', '3*', '2', '1'), 3],
    ['a rollback that something waits to follow', history('5?', '4<1*', '3', '2', '1'), undefined],
    ['a rollback that was aborted', history('4<1!', '3*', '2', '1'), undefined],
    ['what was aborted before it', history('4<1*', '3!', '2', '1'), 2],
  ];
  for (const [name, revisions, expected] of table) {
    t.equal(rolledBackFrom(revisions)?.revision, expected, name);
  }
});
