import t from 'tap';
import { signRevocation, verifyRevocation } from '../../../../shared/log/revocation.ts';
import { edgeKey, LOG, originKey } from '../fixed-keys.ts';

const unsigned = { log: LOG, edge: 'oslo-1', publicKey: edgeKey.publicKey };
const revocation = signRevocation(unsigned, originKey);

t.test('the signature is the frozen one', async (t) => {
  // Computed with openssl.
  t.same(revocation, {
    ...unsigned,
    sig: 'yxA3bkiQrGdcpwLsy_h4nzEF5AMMZ_9XfF0ERMW2F9n1uNmeFtLCr8uP1FBV9HpOjgyU1MoftEgEhit-cC3BAQ',
  });
});

t.test('only the key that signed it and the same fields verify', async (t) => {
  t.equal(verifyRevocation(revocation, originKey.publicKey), true);
  t.equal(verifyRevocation(revocation, edgeKey.publicKey), false);
  for (const change of [{ log: 'f'.repeat(32) }, { edge: 'rome' }, { publicKey: originKey.publicKey }])
    t.equal(verifyRevocation({ ...revocation, ...change }, originKey.publicKey), false);
});
