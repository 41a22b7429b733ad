import t from 'tap';
import { digestOf } from '../../../../shared/content/digest.ts';
import { schema } from '../../../../shared/json/schema.ts';
import {
  type LeaseGrant,
  leaseGrantSchema,
  signLeaseGrant,
  verifyLeaseGrant,
} from '../../../../shared/log/grant.ts';
import { signText } from '../../../../shared/signing/keys.ts';
import { edgeKey, LOG, originKey, TIME } from '../fixed-keys.ts';

const OF = { log: LOG, epoch: 1 };
const unsigned = {
  ...{ edge: 'oslo-1', report: digestOf('{}'), newest: TIME, time: TIME + 2000 },
  ...{ lease: 6000, serves: 6000, diverged: false, takes: ['receipt'] },
};
const grant = signLeaseGrant(OF, unsigned, originKey);

t.test('the signature is the frozen one', async (t) => {
  // Computed with openssl.
  t.same(grant, {
    ...unsigned,
    sig: 'Gs1bboY39WGDSY8s6CuEanVjWbcm9Wlth3TQ3UUpwCy0Hly67be34Plu1HfI199l-RQ4pNIKDFLay78nsXEPCA',
  });
});

t.test('is over the canonical text', async (t) => {
  const text = `["skerry-grant-1","${LOG}",1,"oslo-1","${digestOf('{}')}",1767225600000,1767225602000,6000,6000,false,["receipt"]]`;
  t.equal(grant.sig, signText(originKey, text));
});

t.test('verifies with the key and the log that signed it alone', async (t) => {
  t.equal(verifyLeaseGrant(OF, grant, originKey.publicKey), true);
  t.equal(verifyLeaseGrant(OF, grant, edgeKey.publicKey), false);
  t.equal(verifyLeaseGrant({ ...OF, log: 'f'.repeat(32) }, grant, originKey.publicKey), false);
});

t.test('holds in one epoch', async (t) => {
  t.equal(verifyLeaseGrant({ ...OF, epoch: 2 }, grant, originKey.publicKey), false);
});

t.test('nothing in it can be changed', async (t) => {
  const changes: Partial<LeaseGrant>[] = [
    { edge: 'oslo-2' },
    { report: digestOf('[]') },
    { newest: TIME + 1 },
    { time: TIME + 1 },
    { lease: 6001 },
    { serves: 6001 },
    { diverged: true },
    { takes: [] },
    { takes: ['receipt', 'purge-receipt'] },
    { sig: '' },
  ];
  for (const change of changes)
    t.equal(
      verifyLeaseGrant(OF, { ...grant, ...change }, originKey.publicKey),
      false,
      JSON.stringify(change),
    );
});

t.test('the schema takes a grant and refuses a malformed one', async (t) => {
  const grants = schema(leaseGrantSchema);
  // Computed with openssl.
  t.same(grants.parse(grant), grant);
  for (const change of [
    { report: 'x' },
    { lease: -1 },
    { serves: 1.5 },
    { edge: null },
    { takes: ['A'] },
    { sig: '' },
  ])
    t.throws(() => grants.parse({ ...grant, ...change }), { code: 'bad-request' });
});
