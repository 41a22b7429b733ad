import t from 'tap';
import { Roster } from '../../../../../edge/follow/upstream/roster.ts';
import { generateSigningKey } from '../../../../../shared/signing/keys.ts';

const [own, paris] = [generateSigningKey().publicKey, generateSigningKey().publicKey];
const member = (name: string, publicKey: string, revoked = false) => ({ name, publicKey, revoked });

t.test('an edge knows the members from its join, and then from the log', async (t) => {
  const roster = new Roster();
  t.equal(roster.nameOf(paris), undefined);
  roster.set([member('own', own), member('paris', paris)], 'own');
  t.equal(roster.nameOf(paris), 'paris');
  t.equal(roster.nameOf(generateSigningKey().publicKey), undefined, 'a stranger');
  roster.set([member('oslo', generateSigningKey().publicKey)], 'own');
  t.equal(roster.nameOf(paris), 'paris', 'the first records are older than the join');
  roster.set([member('own', own), member('paris', paris, true)], 'own');
  t.equal(roster.nameOf(paris), undefined, 'a revoked member is a stranger');
});
