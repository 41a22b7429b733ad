import { generateKeyPairSync } from 'node:crypto';
import t from 'tap';
import {
  fingerprintOf,
  generateSigningKey,
  type PublicKey,
  publicKeyObject,
  signingKeyFromPem,
  signingKeySeed,
  signingKeyToPem,
  signText,
  verifyText,
} from '../../../../shared/signing/keys.ts';
import { edgeKey, fixedPem, originKey, recoveryKey } from '../fixed-keys.ts';

t.test('public keys and fingerprints are the frozen ones', async (t) => {
  // The public keys were computed with openssl.
  t.equal(recoveryKey.publicKey, 'iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w');
  t.equal(originKey.publicKey, 'gTl3Dqh9F19Wo1Rmw0x-zMuNipG07jeiXfYPW4_Js5Q');
  t.equal(edgeKey.publicKey, '7UkoxijRwsbq6QM4kFmVYSlZJzpcY_k2NsFGFKyHN9E');
  t.equal(recoveryKey.fingerprint, '34750f98bd59fcfc946da45aaabe933b');
  t.equal(originKey.fingerprint, '6a3803d5f059902a1c6dafbc9ba47292');
  t.equal(fingerprintOf(edgeKey.publicKey), 'b62e867fa2f33afe62d5d6b1642e1621');
});

t.test('signs as RFC 8032 says', async (t) => {
  // Section 7.1, test 1: the empty message.
  const seed = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
  const prefix = '302e020100300506032b657004220420';
  const der = Buffer.from(prefix + seed, 'hex').toString('base64');
  const key = signingKeyFromPem(`-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`);
  t.equal(
    Buffer.from(key.publicKey, 'base64url').toString('hex'),
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
  );
  t.equal(
    Buffer.from(signText(key, ''), 'base64url').toString('hex'),
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  );
  t.equal(Buffer.from(signingKeySeed(key), 'base64url').toString('hex'), seed);
});

t.test('a signature verifies for its text and key alone', async (t) => {
  const signature = signText(originKey, 'ö text');
  t.match(signature, /^[A-Za-z0-9_-]{86}$/);
  t.equal(verifyText(originKey.publicKey, 'ö text', signature), true);
  t.equal(verifyText(originKey.publicKey, 'ö texu', signature), false);
  t.equal(verifyText(originKey.publicKey, 'ö text ', signature), false);
  t.equal(verifyText(edgeKey.publicKey, 'ö text', signature), false);
});

t.test('a signature altered in any byte does not verify', async (t) => {
  const bytes = Buffer.from(signText(originKey, 'text'), 'base64url');
  for (let i = 0; i < bytes.length; i++) {
    const altered = Buffer.from(bytes);
    altered.writeUInt8(altered.readUInt8(i) ^ 1, i);
    t.equal(verifyText(originKey.publicKey, 'text', altered.toString('base64url')), false, `byte ${i}`);
  }
});

t.test('malformed keys and signatures are false, not an exception', async (t) => {
  const signature = signText(originKey, 'text');
  for (const wrong of ['', '!', signature.slice(0, -4), signature.slice(4), `${signature}AAAA`]) {
    t.equal(verifyText(originKey.publicKey, 'text', wrong), false, wrong);
  }
  for (const wrong of ['', 'A', 'not a key', originKey.publicKey.slice(4), `${originKey.publicKey}AAAA`]) {
    t.equal(verifyText(wrong as PublicKey, 'text', signature), false, wrong);
  }
});

t.test('a public key has 32 bytes', async (t) => {
  t.equal(publicKeyObject(originKey.publicKey).asymmetricKeyType, 'ed25519');
  t.throws(() => publicKeyObject(originKey.publicKey.slice(4) as PublicKey));
});

t.test('a key survives its PEM', async (t) => {
  const key = generateSigningKey();
  const again = signingKeyFromPem(signingKeyToPem(key));
  t.equal(again.publicKey, key.publicKey);
  t.equal(again.fingerprint, key.fingerprint);
  t.equal(verifyText(key.publicKey, 'text', signText(again, 'text')), true);
  t.equal(signingKeyToPem(signingKeyFromPem(fixedPem(7))), fixedPem(7));
});

t.test('a generated key is a new one', async (t) => {
  t.not(generateSigningKey().publicKey, generateSigningKey().publicKey);
});

t.test('refuses keys of another kind', async (t) => {
  const { privateKey } = generateKeyPairSync('x25519');
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
  t.throws(() => signingKeyFromPem(pem), /not an Ed25519 private key/);
  t.throws(() => signingKeyFromPem('no key'));
});
