import t from 'tap';
import { allowedSites } from '../../../../../edge/follow/sync/allowed-sites.ts';

const member = (name: string, mayRead?: string[]) => ({
  ...{ name, region: 'r', lat: null, lon: null, publicKey: 'k', revoked: false },
  ...(mayRead && { mayRead }),
});

t.test('an edge replicates what it was started for, within what it may read', async (t) => {
  const members = [member('free'), member('limited', ['docs', 'blog'])];
  for (const [chosen, edge, expected] of [
    [null, 'free', null],
    [['shop'], 'free', ['shop']],
    [null, 'limited', ['docs', 'blog']],
    [['blog', 'shop'], 'limited', ['blog']],
    [['shop'], 'limited', []],
    [null, 'stranger', null],
  ] as const) {
    t.strictSame(allowedSites(chosen, edge, members), expected);
  }
});
