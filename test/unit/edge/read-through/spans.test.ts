import t from 'tap';
import { Spans } from '../../../../edge/read-through/spans.ts';
import { random } from '../../../helpers/random.ts';

t.test('spans that touch or overlap are one', async (t) => {
  const table: [added: [number, number][], expected: [number, number][]][] = [
    [[], []],
    [[[0, 0]], []],
    [[[0, 4]], [[0, 4]]],
    [
      [
        [0, 4],
        [8, 9],
      ],
      [
        [0, 4],
        [8, 9],
      ],
    ],
    [
      [
        [8, 9],
        [0, 4],
        [4, 8],
      ],
      [[0, 9]],
    ],
    [
      [
        [2, 4],
        [6, 8],
        [1, 7],
      ],
      [[1, 8]],
    ],
    [
      [
        [0, 9],
        [3, 4],
      ],
      [[0, 9]],
    ],
  ];
  for (const [added, expected] of table) {
    const spans = new Spans();
    for (const [start, end] of added) spans.add({ start, end });
    t.strictSame(
      spans.within({ start: 0, end: 100 }),
      expected.map(([start, end]) => ({ start, end })),
      JSON.stringify(added),
    );
  }
});

t.test('they say what is there as a set of bytes does', async (t) => {
  const { below } = random(7);
  for (let round = 0; round < 300; round++) {
    const bytes = new Set<number>();
    const spans = new Spans();
    for (let i = 0; i < 6; i++) {
      const start = below(30);
      const end = start + below(8);
      spans.add({ start, end });
      for (let at = start; at < end; at++) bytes.add(at);
    }
    for (let at = 0; at < 40; at++) {
      let end = at;
      while (bytes.has(end)) end++;
      if (spans.endFrom(at) !== end) t.fail(`from ${at}: ${spans.endFrom(at)}, not ${end}`);
      const parts = spans.within({ start: at, end: at + 5 });
      for (let byte = at; byte < at + 5; byte++)
        if (parts.some(({ start, end }) => start <= byte && byte < end) !== bytes.has(byte))
          t.fail(`byte ${byte} within ${at}`);
      if (spans.covers({ start: at, end: at + 3 }) !== [0, 1, 2].every((i) => bytes.has(at + i)))
        t.fail(`three from ${at}`);
    }
  }
  t.pass('300 rounds');
});
