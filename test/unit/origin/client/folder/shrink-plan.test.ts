import t from 'tap';
import {
  allowsShrinking,
  holdsShrinking,
  refusesShrinking,
} from '../../../../../origin/client/folder/shrink-plan.ts';

t.test('what a change of size looks like', async (t) => {
  const table: [before: number, after: number, refused: boolean, held: boolean][] = [
    [0, 0, true, true],
    [0, 1, false, false],
    [1, 0, true, true],
    [1, 1, false, false],
    [111, 0, true, true],
    [111, 111, false, false],
    [111, 5000, false, false],
    // More than 30 %, and more than 10 files.
    [100, 70, false, false],
    [100, 69, false, true],
    [36, 26, false, false],
    [36, 25, false, true],
    [30, 20, false, false],
    [12, 2, true, false],
    [30_000, 29_000, false, false],
    // More than 80 %.
    [100, 20, false, true],
    [100, 19, true, true],
    [5, 1, false, false],
    [6, 1, true, false],
  ];
  for (const [before, after, refused, held] of table) {
    const change = { before, after };
    t.equal(refusesShrinking(change), refused, `publish: ${before} to ${after}`);
    t.equal(holdsShrinking(change), held, `watch: ${before} to ${after}`);
    t.notOk(allowsShrinking(change));
  }
});
