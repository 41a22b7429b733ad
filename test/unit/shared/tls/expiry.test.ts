import t from 'tap';
import { expiryFault } from '../../../../shared/tls/expiry.ts';

const DAY = 24 * 3_600_000;
const EXPIRES = Date.UTC(2026, 0, 20, 3, 4);

t.test('a certificate that ends within two weeks, or has ended, is named', async (t) => {
  for (const [now, said] of [
    [EXPIRES - 14 * DAY, undefined],
    [EXPIRES - 14 * DAY + 1, 'expires on 2026-01-20 03:04 UTC'],
    [EXPIRES - 1, 'expires on 2026-01-20 03:04 UTC'],
    [EXPIRES, 'expired on 2026-01-20 03:04 UTC'],
  ] as const)
    t.equal(expiryFault(EXPIRES, now), said);
});
