import t from 'tap';
import { isRevocationOf } from '../../../../../edge/follow/upstream/revoked.ts';
import { SkerryError } from '../../../../../shared/errors.ts';
import { signRevocation } from '../../../../../shared/log/revocation.ts';
import { generateSigningKey } from '../../../../../shared/signing/keys.ts';

const origin = generateSigningKey();
const self = { name: 'oslo', key: generateSigningKey(), log: '0'.repeat(32) };
const { publicKey } = self.key;
const own = { log: self.log, edge: self.name, publicKey };
const refused = (details: Record<string, unknown>) => new SkerryError('edge-revoked', 'no', { details });
const signed = (of: Partial<typeof own>, key = origin) =>
  refused({ revocation: signRevocation({ ...own, ...of }, key) });

t.test('an edge believes only the origin that it was revoked', async (t) => {
  t.equal(isRevocationOf(self, origin.publicKey, signed({})), true);
  for (const [what, error] of [
    ['a refusal without a statement', refused({})],
    ['a statement of another form', refused({ revocation: 'yes' })],
    ['a statement that a parent has signed', signed({}, generateSigningKey())],
    ['one about another edge', signed({ edge: 'rome' })],
    ['one about the host that had the name before', signed({ publicKey: generateSigningKey().publicKey })],
    ['one of another log', signed({ log: '1'.repeat(32) })],
    ['another refusal', new SkerryError('unauthenticated', 'no', signed({}))],
    ['no refusal', new Error('gone')],
  ] as const)
    t.equal(isRevocationOf(self, origin.publicKey, error), false, what);
});
