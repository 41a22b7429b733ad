import t from 'tap';
import { SignsOfLife } from '../../../../edge/processes/signs-of-life.ts';

type Look = [hasAnswered: boolean, cpuTime: number | undefined];

/** After how many of these looks a process is missing; undefined when it is not. */
function missingAfter(looks: readonly Look[]): number | undefined {
  const signs = new SignsOfLife(0);
  for (const [i, look] of looks.entries()) {
    signs.looked(...look);
    if (signs.isMissing) return i + 1;
  }
  return undefined;
}

const looks = (count: number, at: (i: number) => Look) => Array.from({ length: count }, (_, i) => at(i));

t.test('when a process is missing', async (t) => {
  const table: [string, Look[], number | undefined][] = [
    ['one that answers', looks(100, () => [true, 0]), undefined],
    ['one that is frozen', looks(100, () => [false, 0]), 2],
    ['one whose work is not known', looks(100, () => [false, undefined]), 2],
    ['one late answer', looks(100, (i) => [i % 2 === 0, 0]), undefined],
    ['one that is busy', looks(9, (i) => [false, i + 1]), undefined],
    ['one in an endless loop', looks(100, (i) => [false, i + 1]), 10],
    ['one that is busy again and again', looks(100, (i) => [i % 10 === 9, i + 1]), undefined],
  ];
  for (const [name, seen, missing] of table) t.equal(missingAfter(seen), missing, name);
});
