import t from 'tap';
import { finding, isWanted, type Lane, nextRun } from '../../../../edge/read-through/fill-plan.ts';

/** `#` is a chunk that is there. */
const heldIn = (picture: string) => (chunk: number) => picture[chunk] === '#';
const run = (first: number, end: number) => ({ first, end });
const lane = (next: number, end: number): Lane => ({ next, end });

t.test('what is fetched next', async (t) => {
  const all = run(0, 40);
  const MANY = [lane(0, 1), lane(10, 11), lane(20, 21)];
  const ELEVEN = Array.from({ length: 11 }, (_, i) => lane(i, i + 1));
  const table: [
    why: string,
    held: string,
    lanes: Lane[],
    wants: { first: number; end: number }[],
    expected: { first: number; end: number } | undefined,
  ][] = [
    ['nobody wants anything', '', [], [], undefined],
    ['all of it, in one', '', [], [all], all],
    ['up to what is there', '..##....', [], [run(0, 8)], run(0, 2)],
    ['behind what is there and what comes', '..##....', [lane(0, 2)], [run(0, 8)], run(4, 8)],
    ['all of it comes already', '', [lane(0, 40)], [all, run(1, 3)], undefined],
    ['what comes soon is waited for', '', [lane(10, 40)], [run(17, 20)], undefined],
    ['what comes late is fetched by another', '', [lane(10, 40)], [run(18, 20)], run(18, 20)],
    ['not beyond where that lane goes', '', [lane(10, 19)], [run(18, 25)], run(18, 19)],
    ['up to where another lane begins', '', [lane(20, 30)], [run(15, 25)], run(15, 20)],
    ['of many lanes a reader gets a short one', '', MANY, [run(30, 40)], run(30, 38)],
    ['only for what it needs next', '', MANY, [run(20, 40)], undefined],
    ['no more than eleven', '', ELEVEN, [run(35, 36)], undefined],
    ['the oldest wish first', '', [], [run(30, 32), all], run(30, 32)],
  ];
  for (const [why, held, lanes, wants, expected] of table)
    t.strictSame(nextRun({ isHeld: heldIn(held), lanes, wants }), expected, why);
});

t.test('what a reader finds', async (t) => {
  const table: [held: string, lanes: Lane[], expected: ReturnType<typeof finding>][] = [
    ['####', [], { found: 'all', isCollapsed: false }],
    ['....', [], { found: 'none', isCollapsed: false }],
    ['....', [lane(0, 4)], { found: 'none', isCollapsed: true }],
    ['....', [lane(0, 3)], { found: 'none', isCollapsed: false }],
    ['##..', [], { found: 'partial', isCollapsed: false }],
    ['##..', [lane(2, 4)], { found: 'partial', isCollapsed: true }],
  ];
  for (const [held, lanes, expected] of table)
    t.strictSame(
      finding(run(0, 4), { isHeld: heldIn(held), lanes }),
      expected,
      `${held} ${JSON.stringify(lanes)}`,
    );
});

t.test('a lane goes on for as long as somebody waits for what it brings', async (t) => {
  t.equal(isWanted(lane(2, 4), [run(0, 2)], heldIn('....')), false);
  t.equal(isWanted(lane(2, 4), [run(0, 3)], heldIn('....')), true);
  t.equal(isWanted(lane(2, 4), [run(0, 4)], heldIn('..##')), false);
  t.equal(isWanted(lane(2, 4), [], heldIn('....')), false);
});
