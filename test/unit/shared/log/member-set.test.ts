import t from 'tap';
import { MOST_ROLLOUTS } from '../../../../origin/catalog/limits.ts';
import { memberSet, membersIn } from '../../../../shared/log/member-set.ts';
import { type Payload, payloads } from '../../../../shared/log/record-kinds.ts';
import { MOST_WRITTEN, payloadText } from '../../../../shared/log/record-limits.ts';

/** As many as an origin has. */
const MEMBERS = Array.from({ length: 10_000 }, (_, i) => ({
  ...{ name: `edge-${i}`, region: 'eu-north', lat: 59.9, lon: 10.7, publicKey: 'k'.repeat(59) },
  revoked: false,
}));
const ALL = MEMBERS.map(({ name }) => name);

t.test('a set has the members that it was made of', async (t) => {
  const three = ['a', 'b', 'c'].map((name) => ({ name }));
  t.equal(memberSet(['a', 'c'], three), 'BQ');
  t.strictSame(membersIn('BQ', three), ['a', 'c']);
  t.strictSame(membersIn('', three), []);
  t.equal(memberSet(['b', 'gone'], three), 'Ag', 'what is no member is in no set');
  t.strictSame(membersIn('____', three), ['a', 'b', 'c'], 'there are no members beyond the list');
  const some = ALL.filter((_, i) => i % 7 === 3);
  t.strictSame(membersIn(memberSet(some, MEMBERS), MEMBERS), some);
});

t.test('a checkpoint has room for all rollouts at their limits', async (t) => {
  const rollout = {
    ...{ base: 2 ** 31, step: 10_000, files: 2 ** 31, revision: 2 ** 31, seq: 2 ** 40, root: 'f'.repeat(64) },
    paths: Array.from({ length: 20 }, () => `/${'x'.repeat(255)}`),
    edges: memberSet(ALL, MEMBERS),
  };
  const bytes = JSON.stringify({ rollout }).length * MOST_ROLLOUTS;
  t.ok(bytes < MOST_WRITTEN.checkpoint / 4, `${bytes} bytes`);
  const site = (i: number) => ({
    ...{
      id: i,
      name: `site-${i}`,
      domains: [],
      revision: 1,
      root: 'f'.repeat(64),
      seq: 1,
      files: 1,
      rollout,
    },
  });
  const checkpoint: Payload<'checkpoint'> = {
    key: { publicKey: 'k', recoveryKey: 'r', certificate: 'c' },
    sites: Array.from({ length: MOST_ROLLOUTS }, (_, i) => site(i)),
    members: MEMBERS,
  };
  const read = payloads.checkpoint.parseText(payloadText('checkpoint', checkpoint));
  t.strictSame(membersIn(read.sites[99]?.rollout?.edges ?? '', read.members), ALL);
});
