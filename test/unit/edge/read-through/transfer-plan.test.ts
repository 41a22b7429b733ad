import t from 'tap';
import {
  availabilityOf,
  type ChunkTransfer,
  isRequested,
  nextRun,
} from '../../../../edge/read-through/transfer-plan.ts';

/** `#` is a chunk that is there. */
const heldIn = (picture: string) => (chunk: number) => picture[chunk] === '#';
const run = (first: number, end: number) => ({ first, end });
const transfer = (next: number, end: number): ChunkTransfer => ({ next, end });

t.test('what is fetched next', async (t) => {
  const all = run(0, 40);
  const MANY = [transfer(0, 1), transfer(10, 11), transfer(20, 21)];
  const ELEVEN = Array.from({ length: 11 }, (_, i) => transfer(i, i + 1));
  const table: [
    why: string,
    held: string,
    transfers: ChunkTransfer[],
    requested: { first: number; end: number }[],
    expected: { first: number; end: number } | undefined,
  ][] = [
    ['nobody requests anything', '', [], [], undefined],
    ['all of it, in one', '', [], [all], all],
    ['up to what is there', '..##....', [], [run(0, 8)], run(0, 2)],
    ['behind what is there and what comes', '..##....', [transfer(0, 2)], [run(0, 8)], run(4, 8)],
    ['all of it comes already', '', [transfer(0, 40)], [all, run(1, 3)], undefined],
    ['what comes soon is waited for', '', [transfer(10, 40)], [run(17, 20)], undefined],
    ['what comes late is fetched by another', '', [transfer(10, 40)], [run(18, 20)], run(18, 20)],
    ['not beyond where that transfer goes', '', [transfer(10, 19)], [run(18, 25)], run(18, 19)],
    ['up to where another transfer begins', '', [transfer(20, 30)], [run(15, 25)], run(15, 20)],
    ['of many transfers a reader gets a short one', '', MANY, [run(30, 40)], run(30, 38)],
    ['only for what it needs next', '', MANY, [run(20, 40)], undefined],
    ['no more than eleven', '', ELEVEN, [run(35, 36)], undefined],
    ['the oldest request first', '', [], [run(30, 32), all], run(30, 32)],
  ];
  for (const [why, held, transfers, requested, expected] of table)
    t.strictSame(nextRun({ isHeld: heldIn(held), transfers, requested }), expected, why);
});

t.test('what a reader finds', async (t) => {
  const table: [held: string, transfers: ChunkTransfer[], expected: ReturnType<typeof availabilityOf>][] = [
    ['####', [], { found: 'all', isCollapsed: false }],
    ['....', [], { found: 'none', isCollapsed: false }],
    ['....', [transfer(0, 4)], { found: 'none', isCollapsed: true }],
    ['....', [transfer(0, 3)], { found: 'none', isCollapsed: false }],
    ['##..', [], { found: 'partial', isCollapsed: false }],
    ['##..', [transfer(2, 4)], { found: 'partial', isCollapsed: true }],
  ];
  for (const [held, transfers, expected] of table)
    t.strictSame(
      availabilityOf(run(0, 4), { isHeld: heldIn(held), transfers }),
      expected,
      `${held} ${JSON.stringify(transfers)}`,
    );
});

t.test('a transfer goes on for as long as a reader waits for what it brings', async (t) => {
  t.equal(isRequested(transfer(2, 4), [run(0, 2)], heldIn('....')), false);
  t.equal(isRequested(transfer(2, 4), [run(0, 3)], heldIn('....')), true);
  t.equal(isRequested(transfer(2, 4), [run(0, 4)], heldIn('..##')), false);
  t.equal(isRequested(transfer(2, 4), [], heldIn('....')), false);
});
