import t from 'tap';
import { decideRange, type RangeDecision } from '../../../../shared/http/range.ts';

const whole: RangeDecision = { kind: 'whole' };
const unsatisfiable: RangeDecision = { kind: 'unsatisfiable' };
/** By the first and the last byte, as the header names them. */
const span = (first: number, last: number) => ({ start: first, end: last + 1 });
const part = (first: number, last: number): RangeDecision => ({ kind: 'part', range: span(first, last) });

const parts = (...ranges: [first: number, last: number][]): RangeDecision => ({
  kind: 'parts',
  ranges: ranges.map(([first, last]) => span(first, last)),
});
const singles = (count: number) => Array.from({ length: count }, (_, i): [number, number] => [i, i]);

/** RFC 9110, 14.1.2 and 14.2. */
const table: [header: string | undefined, size: number, RangeDecision][] = [
  [undefined, 10, whole],
  ['', 10, whole],
  ['bytes=0-', 10, part(0, 9)],
  ['bytes=0-0', 10, part(0, 0)],
  ['bytes=0-9', 10, part(0, 9)],
  ['bytes=9-9', 10, part(9, 9)],
  ['bytes=9-', 10, part(9, 9)],
  ['bytes=3-5', 10, part(3, 5)],
  ['BYTES=3-5', 10, part(3, 5)],
  ['bytes=0003-0005', 10, part(3, 5)],
  // Over-long ends are cut at the end, whatever their number of digits.
  ['bytes=3-10', 10, part(3, 9)],
  ['bytes=3-99999999999999999999999999', 10, part(3, 9)],
  // Beyond the end.
  ['bytes=10-', 10, unsatisfiable],
  ['bytes=10-10', 10, unsatisfiable],
  ['bytes=11-20', 10, unsatisfiable],
  ['bytes=99999999999999999999999999-', 10, unsatisfiable],
  // Suffixes.
  ['bytes=-1', 10, part(9, 9)],
  ['bytes=-5', 10, part(5, 9)],
  ['bytes=-10', 10, part(0, 9)],
  ['bytes=-11', 10, part(0, 9)],
  ['bytes=-99999999999999999999999999', 10, part(0, 9)],
  ['bytes=-0', 10, unsatisfiable],
  // An empty representation has no part.
  ['bytes=0-', 0, whole],
  ['bytes=0-0', 0, whole],
  ['bytes=-5', 0, whole],
  ['bytes=5-', 0, unsatisfiable],
  [undefined, 0, whole],
  // Invalid ones are ignored.
  ['bytes=5-2', 10, whole],
  ['bytes=5-4', 10, whole],
  ['bytes=50-20', 10, whole],
  ['bytes=10-9', 10, whole],
  ['bytes=-', 10, whole],
  ['bytes=', 10, whole],
  ['bytes=a-b', 10, whole],
  ['bytes=0x1-5', 10, whole],
  ['bytes=1.5-3', 10, whole],
  ['bytes=--5', 10, whole],
  ['bytes=1-2-3', 10, whole],
  ['bytes=+1-2', 10, whole],
  ['bytes 0-5', 10, whole],
  ['0-5', 10, whole],
  ['xbytes=0-5', 10, whole],
  // Other units may be ignored.
  ['items=0-5', 10, whole],
  // Several, in the order asked for.
  ['bytes=0-1,3-4', 10, parts([0, 1], [3, 4])],
  ['bytes=0-1, -1', 10, parts([0, 1], [9, 9])],
  ['bytes= 3-4 ,, 0-1 ,', 10, parts([3, 4], [0, 1])],
  ['bytes=0-1,10-', 10, part(0, 1)],
  ['bytes=10-,20-30', 10, unsatisfiable],
  ['bytes=0-1,5-2', 10, whole],
  ['bytes=0-1,x', 10, whole],
  // More than there is: the same bytes again and again.
  ['bytes=0-5,0-4', 10, whole],
  ['bytes=0-4,5-9', 10, parts([0, 4], [5, 9])],
  [`bytes=${Array.from({ length: 64 }, (_, i) => `${i}-${i}`)}`, 100, parts(...singles(64))],
  [`bytes=${Array.from({ length: 65 }, (_, i) => `${i}-${i}`)}`, 100, whole],
];

for (const [header, size, expected] of table) {
  t.test(`${JSON.stringify(header)} of ${size} bytes`, async (t) => {
    t.strictSame(decideRange(header, size), expected);
  });
}

t.test('large sizes keep their precision', async (t) => {
  const size = 2 ** 45;
  t.strictSame(decideRange(`bytes=${size - 1}-`, size), part(size - 1, size - 1));
  t.strictSame(decideRange('bytes=-1', size), part(size - 1, size - 1));
  t.strictSame(decideRange(`bytes=${size}-`, size), unsatisfiable);
});
