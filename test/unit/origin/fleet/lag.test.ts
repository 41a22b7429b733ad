import t from 'tap';
import { edgeLag, type SiteLag, siteStatus } from '../../../../origin/fleet/lag.ts';

const NOW = 100_000;
const lag = (changes: Partial<SiteLag>): SiteLag => ({
  visible: 5,
  prepared: 0,
  revisions: 0,
  bytes: 0,
  behindSince: undefined,
  error: null,
  ...changes,
});

t.test('one site', async (t) => {
  const table: [string, SiteLag, { revisions: number; bytes: number; seconds: number }][] = [
    ['is current', lag({}), { revisions: 0, bytes: 0, seconds: 0 }],
    [
      'is behind',
      lag({ visible: 3, revisions: 2, bytes: 7, behindSince: NOW - 1500 }),
      { revisions: 2, bytes: 7, seconds: 1.5 },
    ],
    [
      'shows nothing yet',
      lag({ visible: 0, revisions: 5, bytes: 9, behindSince: NOW }),
      { revisions: 5, bytes: 9, seconds: 0 },
    ],
    ['has nothing to show', lag({ visible: 0 }), { revisions: 0, bytes: 0, seconds: 0 }],
    // What was measured before the edge caught up does not count any more.
    ['has caught up since', lag({ bytes: 7, behindSince: 1 }), { revisions: 0, bytes: 0, seconds: 0 }],
    // After the origin was restored from an older copy.
    ['is ahead', lag({ visible: 9, bytes: 7, behindSince: 1 }), { revisions: 0, bytes: 0, seconds: 0 }],
    [
      'is behind by an unknown time',
      lag({ visible: 4, revisions: 1, bytes: 1 }),
      { revisions: 1, bytes: 1, seconds: 0 },
    ],
    [
      'is behind a revision from the future of this clock',
      lag({ visible: 4, revisions: 1, bytes: 1, behindSince: NOW + 5000 }),
      { revisions: 1, bytes: 1, seconds: 0 },
    ],
  ];
  for (const [name, input, expected] of table) {
    const shown = { revision: input.visible, prepared: 0, lag: expected, error: null };
    t.strictSame(siteStatus(input, NOW), shown, name);
  }
  t.equal(siteStatus(lag({ error: 'disk-full' }), NOW).error, 'disk-full');
  t.equal(siteStatus(lag({ prepared: 6 }), NOW).prepared, 6);
});

t.test('one edge: the sum of the bytes, the worst of the seconds', async (t) => {
  const site = (bytes: number, seconds: number) => ({
    revision: 1,
    prepared: 0,
    lag: { revisions: 1, bytes, seconds },
    error: null,
  });
  t.strictSame(edgeLag(10, 10, {}), { records: 0, bytes: 0, seconds: 0 }, 'no sites');
  t.strictSame(edgeLag(10, 7, { a: site(5, 2), b: site(6, 9), c: site(0, 0) }), {
    records: 3,
    bytes: 11,
    seconds: 9,
  });
  t.equal(edgeLag(10, 12, {}).records, 0, 'an edge that is ahead of a restored origin');
});
