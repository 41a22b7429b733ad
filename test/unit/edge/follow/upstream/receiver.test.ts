import t from 'tap';
import { isReceiver } from '../../../../../edge/follow/upstream/receiver.ts';

t.test('a feed is who its certificate says', async (t) => {
  const member = (name: string | null) => ({ kind: 'member', name }) as const;
  const table = [
    [null, undefined, true],
    ['paris', undefined, true],
    [null, { kind: 'host' }, true],
    ['paris', { kind: 'host' }, true],
    [null, { kind: 'origin' }, true],
    ['paris', { kind: 'origin' }, false],
    ['paris', member('paris'), true],
    ['oslo', member('paris'), false],
    [null, member('paris'), false],
    ['paris', member(null), true],
    [null, member(null), false],
  ] as const;
  for (const [edge, peer, is] of table)
    t.equal(isReceiver(edge, peer, undefined), is, JSON.stringify([edge, peer]));
});

t.test('an edge that the operator named must answer', async (t) => {
  t.equal(isReceiver('paris', undefined, 'paris'), true);
  t.equal(isReceiver('oslo', undefined, 'paris'), false);
  t.equal(isReceiver(null, { kind: 'origin' }, 'paris'), false);
});
