import t from 'tap';
import { type Receipt, receiptKind, signReceipt } from '../../../../shared/log/receipt.ts';
import { isSignedBy } from '../../../../shared/log/statement-kind.ts';
import { signText } from '../../../../shared/signing/keys.ts';
import { edgeKey, LOG, originKey, ROOT, TIME } from '../fixed-keys.ts';

const unsigned = {
  log: LOG,
  epoch: 1,
  edge: 'oslo-1',
  site: 1,
  revision: 1,
  root: ROOT,
  seq: 3,
  since: TIME + 2000,
  covers: 'all',
};
const receipt = signReceipt(unsigned, edgeKey);

t.test('the signature is the frozen one', async (t) => {
  // Computed with openssl.
  t.same(receipt, {
    ...unsigned,
    sig: 'LOSOuF_rMsG4cGxnnpDugF5HivWchjMHb3JFtyEItUaFp_vShc6ndSp02J38t8GL4Rvp7ROnNoonKPDUs3M8BA',
  });
});

t.test('is over the canonical text', async (t) => {
  const text = `["skerry-receipt-1","${LOG}",1,"oslo-1",1,1,"${ROOT}",3,1767225602000,"all"]`;
  t.equal(receipt.sig, signText(edgeKey, text));
});

t.test('verifies with the key that signed it alone', async (t) => {
  t.equal(isSignedBy(receiptKind, receipt, edgeKey.publicKey), true);
  t.equal(isSignedBy(receiptKind, receipt, originKey.publicKey), false);
});

const changes: Partial<Receipt>[] = [
  { log: 'f'.repeat(32) },
  { epoch: 2 },
  { edge: 'oslo-2' },
  { site: 2 },
  { revision: 2 },
  { root: '0'.repeat(64) },
  { seq: 4 },
  { since: TIME },
  { covers: 'a/' },
  { sig: '' },
];

for (const change of changes) {
  t.test(`${JSON.stringify(change).slice(0, 40)} does not verify`, async (t) => {
    t.equal(isSignedBy(receiptKind, { ...receipt, ...change }, edgeKey.publicKey), false);
  });
}

t.test('the schema takes a receipt and refuses a malformed one', async (t) => {
  t.same(receiptKind.schema.parse(receipt), receipt);
  for (const change of [{ root: 'x' }, { seq: '3' }, { since: 1.5 }, { edge: null }]) {
    t.throws(() => receiptKind.schema.parse({ ...receipt, ...change }), { code: 'bad-request' });
  }
});
