import t from 'tap';
import { isDue, validityAt } from '../../../../origin/authority/renewal-state.ts';

const DAY = 24 * 3_600_000;
const names = { dns: ['a'], addresses: [] };
const NOW = Date.UTC(2026, 0, 1);
const issued = { names, validity: validityAt(NOW) };

t.test('a certificate is replaced long before its end', async (t) => {
  const { from, to } = issued.validity;
  t.equal(NOW - from, DAY, 'a client may be a day behind');
  t.notOk(isDue(issued, names, NOW));
  t.notOk(isDue(issued, names, NOW + 14 * DAY));
  t.ok(isDue(issued, names, NOW + 16 * DAY));
  t.ok(to - (NOW + 16 * DAY) >= 13 * DAY, 'and so clients may be days ahead');
});

t.test('a clock that was set back, and other names', async (t) => {
  t.ok(isDue(issued, names, NOW - 2 * DAY));
  t.ok(isDue(issued, { ...names, addresses: ['10.0.0.1'] }, NOW));
});
