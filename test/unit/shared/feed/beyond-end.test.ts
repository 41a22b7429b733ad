import t from 'tap';
import { beyondEnd } from '../../../../shared/feed/beyond-end.ts';

t.test('a log is read from its beginning up to behind its end', async (t) => {
  const cases: [from: number, isParent: boolean, code: string | undefined][] = [
    [1, false, undefined],
    [11, false, undefined],
    [12, false, 'beyond-log'],
    [0, false, 'beyond-log'],
    [11, true, undefined],
    [12, true, 'not-yet-held'],
    [0, true, 'beyond-log'],
  ];
  for (const [from, isParent, code] of cases)
    t.equal(
      beyondEnd(from, { seq: 10, isParent })?.code,
      code,
      `${from}, ${isParent ? 'a parent' : 'origin'}`,
    );
});
