import t from 'tap';
import type { KnownRevision, SiteHistory } from '../../../../origin/catalog/retention-calls.ts';
import {
  heldRevisions,
  isWithinReach,
  revisionsThatGo,
  shownState,
  tipOf,
} from '../../../../origin/catalog/revision-state.ts';
import { DEFAULT_POLICY } from '../../../../shared/site/site-policy.ts';

const known = (revision: number, changes: Partial<KnownRevision> = {}): KnownRevision => ({
  ...{ revision, time: 1, state: 'activated', pinned: false },
  ...changes,
});

const PAST: SiteHistory = {
  ...{ live: 3, tip: 4, newest: 6, named: [], deleted: false, retention: DEFAULT_POLICY.retention },
  revisions: [
    ...[known(1), known(2, { pinned: true }), known(3), known(4, { state: 'pending' })],
    ...[known(5, { state: 'aborted' }), known(6, { state: 'aborted' })],
  ],
};
const ALL = [1, 2, 3, 4, 5, 6];

t.test('what waits has had its chance when another is the tip', async (t) => {
  t.equal(shownState('pending', true), 'pending');
  t.equal(shownState('pending', false), 'superseded');
  for (const isTip of [true, false])
    for (const state of ['activated', 'aborted'] as const) t.equal(shownState(state, isTip), state);
});

t.test('the tip is the newest that was not aborted', async (t) => {
  t.equal(tipOf(PAST.revisions), 4);
  t.equal(tipOf([known(1, { state: 'pending' })]), 1);
  t.equal(tipOf([known(1, { state: 'aborted' })]), 0);
  t.equal(tipOf([]), 0);
});

t.test('what something stands on does not go, whoever chose it', async (t) => {
  t.strictSame(revisionsThatGo(PAST, ALL), [1, 5], 'not what is pinned, live, the tip or on top');
  t.strictSame(revisionsThatGo(PAST, [5, 99, 5]), [5], 'nor what is gone');
  t.strictSame(revisionsThatGo({ ...PAST, deleted: true }, ALL), ALL, 'of a deleted site all of it');
});

t.test('the entries of revisions that have a row stay, and the state on top', async (t) => {
  t.strictSame(new Set(heldRevisions(PAST)), new Set(ALL));
  t.strictSame(new Set(heldRevisions(PAST, new Set([1, 6]))), new Set([2, 3, 4, 5, 6]));
  t.strictSame(heldRevisions({ ...PAST, newest: 7, revisions: [] }), [7]);
  t.strictSame(heldRevisions({ ...PAST, deleted: true }), []);
});

t.test('edges take in revisions by ascending number', async (t) => {
  const table: [
    name: string,
    revision: number,
    marks: [live: number, named: number],
    isNamed: boolean,
    is: boolean,
  ][] = [
    ['the newest draft', 7, [5, 6], false, true],
    ['an older draft that an alias named all the time', 6, [5, 7], true, true],
    ['an older draft that no alias names', 6, [5, 7], false, false],
    ['what is live', 5, [5, 7], false, true],
    ['what was live', 4, [5, 0], false, false],
    ['what waits, before any alias', 6, [5, 0], false, true],
  ];
  for (const [name, revision, [live, named], isNamed, is] of table)
    t.equal(isWithinReach(revision, { live, named }, isNamed), is, name);
});

t.test('what aliases name stays, and a draft is never the tip', async (t) => {
  const past = { ...PAST, named: [1] };
  t.strictSame(revisionsThatGo(past, ALL), [5]);
  t.equal(tipOf([known(1), known(2, { state: 'draft' })]), 1);
});
