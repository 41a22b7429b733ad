import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import t from 'tap';
import { signEdgeToken, verifyEdgeToken } from '../../../shared/edge-token.ts';
import type { PublicKey } from '../../../shared/keys.ts';
import { edgeKey, LOG, originKey, TIME } from './fixed-keys.ts';

const edge = { name: 'oslo-1', key: edgeKey };
const keyOf = (name: string): PublicKey | undefined => (name === 'oslo-1' ? edgeKey.publicKey : undefined);
const refused = { code: 'unauthenticated' };

t.test('the token is the frozen one', async (t) => {
  t.equal(
    await signEdgeToken(edge, LOG, TIME),
    'eyJhbGciOiJFZERTQSJ9.' +
      'eyJzdWIiOiJvc2xvLTEiLCJhdWQiOiIwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZiIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MjI1NzIwfQ.' +
      '7Fi0afeXlLN1078Hs3F4PRdd-me9yvNMUZYIJMMSTN72aPrwLGN4EYLIyzG6KXCApYlWNVVZfr1eot6Iq6CdBg',
  );
});

t.test('names the edge and the log, and is good for two minutes', async (t) => {
  const token = await signEdgeToken(edge, LOG, TIME + 999);
  t.same(decodeProtectedHeader(token), { alg: 'EdDSA' });
  t.same(decodeJwt(token), { sub: 'oslo-1', aud: LOG, iat: TIME / 1000, exp: TIME / 1000 + 120 });
});

t.test('verifies as the member that signed it', async (t) => {
  t.equal(
    await verifyEdgeToken(await signEdgeToken(edge, LOG, Date.now()), LOG, Date.now(), keyOf),
    'oslo-1',
  );
});

t.test('refuses one of another log', async (t) => {
  const token = await signEdgeToken(edge, 'f'.repeat(32), Date.now());
  await t.rejects(verifyEdgeToken(token, LOG, Date.now(), keyOf), refused);
});

t.test('refuses one that has expired', async (t) => {
  const token = await signEdgeToken(edge, LOG, Date.now() - 3_600_000);
  await t.rejects(verifyEdgeToken(token, LOG, Date.now(), keyOf), refused);
});

t.test('refuses one of nobody, and one signed with another key', async (t) => {
  const nobody = await signEdgeToken({ name: 'oslo-2', key: edgeKey }, LOG, Date.now());
  await t.rejects(verifyEdgeToken(nobody, LOG, Date.now(), keyOf), refused);
  const impostor = await signEdgeToken({ name: 'oslo-1', key: originKey }, LOG, Date.now());
  await t.rejects(verifyEdgeToken(impostor, LOG, Date.now(), keyOf), refused);
});

t.test('refuses altered parts', async (t) => {
  const [header, , signature] = (await signEdgeToken(edge, LOG, Date.now())).split('.');
  const claims = { sub: 'oslo-1', aud: LOG, exp: Math.floor(Date.now() / 1000) + 9999 };
  const body = Buffer.from(JSON.stringify(claims)).toString('base64url');
  await t.rejects(verifyEdgeToken(`${header}.${body}.${signature}`, LOG, Date.now(), keyOf), refused);
});

t.test('refuses tokens without a signature or of another algorithm', async (t) => {
  const claims = { sub: 'oslo-1', aud: LOG, exp: Math.floor(Date.now() / 1000) + 60 };
  const body = Buffer.from(JSON.stringify(claims)).toString('base64url');
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  await t.rejects(verifyEdgeToken(`${none}.${body}.`, LOG, Date.now(), keyOf), refused);
  const shared = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .sign(Buffer.from(edgeKey.publicKey, 'base64url'));
  await t.rejects(verifyEdgeToken(shared, LOG, Date.now(), keyOf), refused);
});

t.test('refuses one that never expires, and one without a subject', async (t) => {
  const eternal = new SignJWT().setProtectedHeader({ alg: 'EdDSA' }).setSubject('oslo-1').setAudience(LOG);
  await t.rejects(verifyEdgeToken(await eternal.sign(edgeKey.privateKey), LOG, Date.now(), keyOf), refused);
  const anonymous = new SignJWT()
    .setProtectedHeader({ alg: 'EdDSA' })
    .setAudience(LOG)
    .setExpirationTime('1m');
  await t.rejects(verifyEdgeToken(await anonymous.sign(edgeKey.privateKey), LOG, Date.now(), keyOf), refused);
});

t.test('refuses what is no token', async (t) => {
  for (const token of ['', 'a', 'a.b.c', '..', 'sk_00112233aabb.AAAA']) {
    await t.rejects(verifyEdgeToken(token, LOG, Date.now(), keyOf), refused, token);
  }
});

t.test('refuses one that its edge made for years', async (t) => {
  const years = new SignJWT()
    .setProtectedHeader({ alg: 'EdDSA' })
    .setSubject('oslo-1')
    .setAudience(LOG)
    .setIssuedAt(Math.floor(Date.now() / 1000) - 3600)
    .setExpirationTime('3y');
  await t.rejects(verifyEdgeToken(await years.sign(edgeKey.privateKey), LOG, Date.now(), keyOf), refused);
});
