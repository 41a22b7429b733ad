import { createPublicKey } from 'node:crypto';
import t from 'tap';
import {
  authorityUri,
  certifyAuthority,
  isSigned,
  leadsTo,
  statementIn,
} from '../../../../shared/tls/authority.ts';
import { parsedChain, testAuthority } from '../../../helpers/certificates.ts';
import { LOG, originKey, recoveryKey } from '../fixed-keys.ts';

const SPKI =
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE7Ym6i8oAfyBhdrxnw1Vf7qSXp47n2Axi1Lbl9e-O8yyH6Rmao1197Kx25yC0rkvJWkbPDvoevw_6NK5poXL8Uw';

t.test('the statement is the frozen one', async (t) => {
  const key = Buffer.from(SPKI, 'base64url');
  t.equal(createPublicKey({ key, format: 'der', type: 'spki' }).asymmetricKeyType, 'ec');
  t.equal(
    authorityUri(certifyAuthority(LOG, key, recoveryKey)),
    'skerry-authority:0123456789abcdef0123456789abcdef:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w:' +
      '2h-rX19R3sMfW-LYPQeKH4NVFW019c9YmRdQYuv1mqep4-6rTBoaedjsYDq6xlGk4m4JhM1Rj5B7NjLMStxNDw',
  );
});

t.test('a certificate carries it, and only for its own key', async (t) => {
  const authority = await testAuthority(LOG, { recovery: recoveryKey });
  const [certificate] = parsedChain(authority.pem);
  const statement = certificate && statementIn(certificate);
  if (certificate === undefined || statement === undefined) return t.fail('the certificate has a statement');
  t.equal(statement.log, LOG);
  t.ok(isSigned(statement, certificate));
  t.ok(leadsTo(statement, recoveryKey.fingerprint));
  t.notOk(leadsTo(statement, originKey.fingerprint));
  const [another] = parsedChain((await testAuthority(LOG)).pem);
  t.notOk(another && isSigned(statement, another), 'of another key');
  t.notOk(isSigned({ ...statement, log: 'b'.repeat(32) }, certificate), 'of another log');
  const [server] = parsedChain((await authority.issue()).cert);
  t.equal(server && statementIn(server), undefined, 'a server has none');
});
