import t from 'tap';
import { priorityOf, UNNAMED } from '../../../../../edge/serve/http2/priority.ts';

const CASES: readonly (readonly [text: string | undefined, urgency: number, isIncremental: boolean])[] = [
  ['', 3, false],
  ['u=0', 0, false],
  ['u=7, i', 7, true],
  ['i=?1', 3, true],
  ['i=?0, u=5', 5, false],
  ['u=1, u=2', 2, false],
  ['u=2;a=1, new="x"', 2, false],
  ['u=8', 3, false],
  ['u=-1, i', 3, true],
  ['u=1.5', 3, false],
  ['u="1"', 3, false],
  ['i=1', 3, false],
];

t.test('the fields of RFC 9218', (t) => {
  for (const [text, urgency, isIncremental] of CASES)
    t.strictSame(priorityOf(text), { urgency, isIncremental }, `${text}`);
  t.end();
});

t.test('what is absent, malformed or too long names no priority', (t) => {
  for (const text of [undefined, 'u=', '=1', '?', 'u=1,', `u=1${' '.repeat(200)}`])
    t.equal(priorityOf(text), UNNAMED, `${text}`);
  t.end();
});
