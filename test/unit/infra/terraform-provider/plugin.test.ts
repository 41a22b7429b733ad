import { X509Certificate } from 'node:crypto';
import { ExtData, encode } from '@msgpack/msgpack';
import t from 'tap';
import { diagnosticMessages, faultOf } from '../../../../infra/terraform-provider/plugin/diagnostics.ts';
import {
  handshakeLine,
  isStartedByTerraform,
  runCertificate,
} from '../../../../infra/terraform-provider/plugin/handshake.ts';
import { packageDefinition } from '../../../../infra/terraform-provider/plugin/messages.ts';
import { decodeValue, encodeValue } from '../../../../infra/terraform-provider/values/dynamic-value.ts';
import { UNKNOWN } from '../../../../infra/terraform-provider/values/unknown.ts';
import { SkerryError } from '../../../../shared/errors.ts';

t.test('values travel as MessagePack, and unknown ones as an extension', async (t) => {
  const value = { a: 'text', b: [1, 2.5, null], c: { d: true }, e: UNKNOWN };
  t.strictSame(decodeValue(encodeValue(value)), value);
  for (const type of [0, 12])
    t.equal(decodeValue({ msgpack: encode(new ExtData(type, Uint8Array.of(0))) }), UNKNOWN);
  t.strictSame(decodeValue({ json: Buffer.from('{"a":1}') }), { a: 1 });
  t.equal(decodeValue({}), null);
  t.equal(decodeValue(undefined), null);
});

t.test('each call that is answered has its messages', async (t) => {
  const definition = packageDefinition();
  t.ok('PlanResourceChange' in (definition['tfplugin6.Provider'] ?? {}));
  t.ok('Shutdown' in (definition['plugin.GRPCController'] ?? {}));
});

t.test('the first line tells where the provider listens, and its certificate', async (t) => {
  t.notOk(isStartedByTerraform({}));
  t.equal(handshakeLine('/tmp/s', undefined), '1|6|unix|/tmp/s|grpc');
  const { der, certificate, key } = await runCertificate();
  const [, , , , , text = ''] = handshakeLine('/tmp/s', der).split('|');
  t.notMatch(text, /=$/);
  const read = new X509Certificate(Buffer.from(text, 'base64'));
  t.ok(read.ca && read.checkHost('localhost') !== undefined);
  t.equal(read.toString(), new X509Certificate(certificate).toString());
  t.match(key, /^-----BEGIN PRIVATE KEY-----/);
});

t.test('an error of the table says what to do', async (t) => {
  const fault = faultOf(new SkerryError('bad-name', '"A" is not a name'));
  t.match(diagnosticMessages([{ ...fault, at: ['name'] }]), [
    {
      severity: 'ERROR',
      summary: '"A" is not a name',
      detail: /lower-case letters.*\(bad-name\)/,
      attribute: { steps: [{ attribute_name: 'name' }] },
    },
  ]);
});
