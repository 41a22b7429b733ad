import t from 'tap';
import { edgeTree } from '../../../../bin/terminal/edge-tree.ts';
import type { EdgeStatus } from '../../../../shared/wire/api.ts';

/** `a<b` follows b; `a` follows the origin. */
function edges(...signs: string[]): EdgeStatus[] {
  return signs.map((sign) => {
    const [name = '', parent = null] = sign.split('<');
    return {
      ...{ name, parent, region: 'r', lat: null, lon: null, version: null, online: true, lastSeen: null },
      ...{
        paused: false,
        drained: false,
        health: { state: 'online', trouble: null, reason: null },
        use: null,
        labels: [],
        revoked: false,
        mayRead: null,
        faults: [],
        clockOffset: null,
        position: 0,
        diverged: null,
        sites: {},
      },
      limits: { sites: null, prefixes: null, delay: 0, rate: null, schedule: null, storage: 'full' },
      lag: { records: 0, bytes: 0, seconds: 0 },
    };
  });
}

t.test('edges under their parents', async (t) => {
  const table: [string, EdgeStatus[], string[]][] = [
    ['none', [], []],
    ['all follow the origin', edges('a', 'b'), ['a', 'b']],
    ['a tier', edges('a<p', 'b<p', 'p', 'q'), ['p', '-a', '-b', 'q']],
    ['two tiers', edges('a<b', 'b<c', 'c', 'd<b'), ['c', '-b', '--a', '--d']],
    ['a parent that is not known', edges('a<gone', 'b<a'), ['a', '-b']],
    ['a ring', edges('a<b', 'b<a', 'c'), ['c', 'a', '-b']],
    ['its own parent', edges('a<a'), ['a']],
  ];
  for (const [name, input, expected] of table) {
    t.strictSame(
      edgeTree(input).map(({ edge, depth }) => `${'-'.repeat(depth)}${edge.name}`),
      expected,
      name,
    );
  }
});
