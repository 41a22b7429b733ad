import t from 'tap';
import { Divergence } from '../../../../origin/fleet/divergence.ts';
import { type Digest, digestOf } from '../../../../shared/content/digest.ts';
import { type Head, signHead } from '../../../../shared/log/head.ts';
import { generateSigningKey } from '../../../../shared/signing/keys.ts';
import { LOG, originKey } from '../../shared/fixed-keys.ts';

/** The origin's log holds records 3 to 7. */
const own = (seq: number): Digest | 'pruned' | 'beyond' =>
  seq < 3 ? 'pruned' : seq > 7 ? 'beyond' : digestOf(`record ${seq}`);
const at = (seq: number) => digestOf(`record ${seq}`);
const other = (seq: number) => digestOf(`another record ${seq}`);
const head = (seq: number, hash = at(seq), key = originKey, epoch = 1): Head =>
  signHead({ log: LOG, epoch, seq, hash, time: 1 }, key);

function judge(isAccepted = false) {
  const denials: string[] = [];
  const divergence = new Divergence({
    catalog: { hashAt: async (seq) => own(seq), denyAppends: async (why) => void denials.push(why) },
    ...{ log: LOG, epoch: 1, publicKey: originKey.publicKey, isAccepted },
  });
  return { divergence, denials };
}

t.test('an edge is judged by the hash of its last record, never by its number', async (t) => {
  const { divergence, denials } = judge();
  const table: [string, number, Digest, boolean][] = [
    ['behind', 5, at(5), false],
    ['at the end', 7, at(7), false],
    ['behind, with another record', 5, other(5), true],
    ['at the end, with another record', 7, other(7), true],
    ['beyond the end', 9, at(9), true],
    ['where the log was pruned', 2, other(2), false],
    ['at the beginning', 0, other(0), false],
  ];
  for (const [name, position, hash, isDiverged] of table)
    t.equal(await divergence.isDiverged('oslo', { position, hash, head: null }), isDiverged, name);
  t.strictSame(denials, [], 'what an edge says alone stops nobody');
});

t.test('a head that the origin signed and does not have stops it from writing', async (t) => {
  const stands = { position: 5, hash: at(5) };
  const denialsOf = async (...heads: readonly Head[]) => {
    const { divergence, denials } = judge();
    for (const each of heads) t.equal(await divergence.isDiverged('oslo', { ...stands, head: each }), false);
    return denials;
  };
  t.strictSame(await denialsOf(head(5), head(7), head(2)), []);
  const forged = [head(9, at(9), generateSigningKey()), head(9, at(9), originKey, 2), { ...head(7), seq: 9 }];
  t.strictSame(await denialsOf(...forged), [], 'one that it did not sign does not');
  for (const unknown of [head(9), head(7, other(7))])
    t.match(await denialsOf(...forged, unknown), [new RegExp(`oslo has the record ${unknown.seq}`)]);
  t.equal((await denialsOf(head(9), head(9))).length, 1, 'once is enough');
});

t.test('an operator who accepts it has the origin write on', async (t) => {
  const { divergence, denials } = judge(true);
  t.equal(await divergence.isDiverged('oslo', { position: 9, hash: at(9), head: head(9) }), true);
  t.strictSame(denials, []);
});
