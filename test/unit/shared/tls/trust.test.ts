import { generateKeyPairSync } from 'node:crypto';
import t from 'tap';
import { memberCertificate } from '../../../../edge/feed/member-certificate.ts';
import { generateSigningKey } from '../../../../shared/signing/keys.ts';
import { judge, type Trust } from '../../../../shared/tls/trust.ts';
import {
  EXPIRED,
  foreignCertificate,
  NOT_YET_VALID,
  parsedChain,
  testAuthority,
} from '../../../helpers/certificates.ts';

const LOG = 'a'.repeat(32);
const now = Date.now();
const own = await testAuthority(LOG);
const other = await testAuthority('b'.repeat(32));
const byOwn = await own.issue();
const member = generateSigningKey();
const byMember = await memberCertificate('paris', member);

const asks: Trust = { recovery: own.recovery.fingerprint };
const SELF_SIGNED = 'SELF_SIGNED_CERT_IN_CHAIN';

function judged(cert: string, trust: Trust, refusal: string | undefined = SELF_SIGNED) {
  return judge({ chain: parsedChain(cert), refusal }, trust, now);
}

t.test("a certificate of the origin's own authority", async (t) => {
  t.same(judged(byOwn.cert, asks), { kind: 'origin' });
  t.match(judged(byOwn.cert, {}), { reason: 'other-authority' }, 'a token without a fingerprint');
  const alone = byOwn.cert.slice(0, byOwn.cert.indexOf('-----END') + 25);
  t.match(judged(alone, asks), { reason: 'other-authority' }, 'without the authority there is no statement');
});

t.test('dates count by the clock here', async (t) => {
  const old = await own.issue(EXPIRED);
  t.match(judged(old.cert, asks), { reason: 'expired', date: Math.floor(EXPIRED.to / 1000) * 1000 });
  t.match(judged((await own.issue(NOT_YET_VALID)).cert, asks), { reason: 'not-yet-valid' });
});

t.test('a certificate of another log', async (t) => {
  t.same(judged((await other.issue()).cert, asks), { reason: 'other-log', log: 'b'.repeat(32) });
});

t.test('the statement of the recovery key counts for its key alone', async (t) => {
  // A middleman shows a true statement about another key.
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const forged = await testAuthority(LOG, { recovery: own.recovery, certified: publicKey });
  t.match(judged((await forged.issue()).cert, asks), { reason: 'other-authority' });
});

t.test('a chain that only shows the true authority', async (t) => {
  const thief = await other.issue();
  const [leaf = ''] = thief.cert.split(other.pem);
  t.match(judged(`${leaf}\n${own.pem}`, asks), { reason: 'other-authority' });
});

t.test('a certificate of another authority', async (t) => {
  const foreign = await foreignCertificate(t.testdir());
  t.match(judged(foreign.cert, asks, 'DEPTH_ZERO_SELF_SIGNED_CERT'), {
    reason: 'other-authority',
    issuer: 'CN=skerry test',
    code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
  });
  t.same(judged(foreign.cert, asks, 'ERR_TLS_CERT_ALTNAME_INVALID'), {
    reason: 'other-host',
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
  t.match(judge({ chain: [], refusal: 'none' }, asks, now), { reason: 'other-authority', issuer: 'nobody' });
});

t.test('what Node accepts for the host is accepted', async (t) => {
  t.same(judge({ chain: parsedChain(byOwn.cert), refusal: undefined }, {}, now), { kind: 'host' });
});

t.test('a certificate of a member', async (t) => {
  const names = (name: string | null | undefined, more: Trust = {}) =>
    judged(
      byMember.cert,
      { ...asks, ...more, memberOf: (key) => (key === member.publicKey ? name : undefined) },
      'DEPTH_ZERO_SELF_SIGNED_CERT',
    );
  t.same(names('paris'), { kind: 'member', name: 'paris' });
  t.same(names(null), { kind: 'member', name: null }, 'to an edge that joins');
  t.same(names(undefined), { reason: 'other-member', name: undefined }, 'a stranger, or revoked');
  t.same(names('paris', { wanted: 'paris' }), { kind: 'member', name: 'paris' });
  t.same(names('paris', { wanted: 'oslo' }), { reason: 'other-member', name: 'paris' });
  t.match(judged(byMember.cert, asks), { reason: 'other-authority' }, 'the CLI accepts none');
});
