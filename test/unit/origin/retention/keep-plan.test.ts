import t from 'tap';
import type { KnownRevision, SiteHistory } from '../../../../origin/catalog/retention-calls.ts';
import { keptRevisions, revisionsToDrop } from '../../../../origin/retention/keep-plan.ts';
import { random } from '../../../helpers/random.ts';

const DAY = 86_400_000;
const NOW = 1_700_000_000_000;

/** `+` activated, `?` pending, `x` aborted, `*` after it: pinned. One a day, the last of them now. */
function revisions(text: string): KnownRevision[] {
  const marks = text.split(' ').filter(Boolean);
  return marks.map((mark, i) => ({
    revision: i + 1,
    time: NOW - (marks.length - 1 - i) * DAY,
    state: mark.startsWith('?') ? 'pending' : mark.startsWith('x') ? 'aborted' : 'activated',
    pinned: mark.endsWith('*'),
  }));
}

const past = (
  text: string,
  changes: Partial<SiteHistory> & { keep?: number; days?: number } = {},
): SiteHistory => {
  const known = revisions(text);
  const { keep = 2, days = 0, ...rest } = changes;
  const last = (is: (revision: KnownRevision) => boolean) => known.findLast(is)?.revision ?? 0;
  return {
    live: last(({ state }) => state === 'activated'),
    tip: last(({ state }) => state !== 'aborted'),
    newest: known.length,
    named: [],
    deleted: false,
    retention: { revisions: keep, days },
    revisions: known,
    ...rest,
  };
};

const table: [title: string, past: SiteHistory, dropped: number[]][] = [
  ['nothing was published', past(''), []],
  ['fewer than are kept', past('+ +'), []],
  ['the last activated ones stay', past('+ + + + +'), [1, 2, 3]],
  ['the live one is always one of them', past('+ + +', { keep: 1 }), [1, 2]],
  ['an old one that is live stays, with the last ones', past('+ + + + +', { live: 1, tip: 5 }), [2, 3]],
  ['what waits for its activation stays', past('+ + + ? ?'), [1]],
  ['what was passed over while pending goes', past('? ? + + +'), [1, 2, 3]],
  ['those that were never live do not count', past('+ + ? +'), [1, 3]],
  ['aborted ones go', past('+ x + x +'), [1, 2, 4]],
  ['but the newest: the next is staged over it', past('+ + + x'), [1]],
  ['and pinned ones', past('+* x* + + +'), [3]],
  ['young ones stay', past('+ + + + +', { days: 3.5 }), [1]],
  ['also those that were passed over', past('? ? ? + +', { days: 3.5 }), [1]],
  ['not those that were aborted', past('+ + x + + +', { days: 10 }), [3]],
  ['half a day', past('+ + +', { keep: 1, days: 0.5 }), [1, 2]],
  ['exactly so old is not younger', past('+ + +', { keep: 1, days: 1 }), [1, 2]],
  ['a deleted site keeps nothing', past('+ + ? x +*', { deleted: true, days: 99 }), [1, 2, 3, 4, 5]],
  ['a number was given out that has no revision', past('+ + +', { newest: 9 }), [1]],
];

t.test('what may go', async (t) => {
  for (const [title, given, dropped] of table) t.strictSame(revisionsToDrop(given, NOW), dropped, title);
});

t.test('rules that hold whatever has happened', async (t) => {
  const numbers = random(1);
  for (let i = 0; i < 500; i++) {
    const text = Array.from(
      { length: numbers.below(12) },
      () => numbers.pick(['+', '+', '+', '?', 'x']) + (numbers.below(6) ? '' : '*'),
    ).join(' ');
    const given = past(text, { keep: 1 + numbers.below(4), days: numbers.below(3) });
    const kept = keptRevisions(given, NOW);
    const dropped = revisionsToDrop(given, NOW);
    for (const revision of [given.live, given.tip, given.newest])
      if (dropped.includes(revision)) t.fail(`${text}: ${revision} goes`);
    const shuffled = { ...given, revisions: given.revisions.toReversed() };
    t.strictSame(revisionsToDrop(shuffled, NOW), dropped, `${text || 'nothing'}: in any order`);
    const rest = { ...given, revisions: given.revisions.filter(({ revision }) => kept.has(revision)) };
    t.strictSame(revisionsToDrop(rest, NOW), [], 'what was kept is kept again');
  }
});

t.test('of very many young ones the newest stay', async (t) => {
  const count = 10_100;
  const young: KnownRevision[] = Array.from({ length: count }, (_, i) => ({
    revision: i + 1,
    time: NOW,
    state: i % 2 === 0 ? 'activated' : 'pending',
    pinned: i === 4,
  }));
  const dropped = revisionsToDrop(
    { ...past('', { days: 7 }), revisions: young, newest: count, live: 3, tip: count },
    NOW,
  );
  t.strictSame(
    dropped,
    Array.from({ length: 100 }, (_, i) => i + 1).filter((revision) => revision !== 3 && revision !== 5),
  );
});
