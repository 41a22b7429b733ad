import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { type Missed, Misses } from '../../../../edge/read-through/misses.ts';
import { digestOf } from '../../../../shared/content/digest.ts';
import { until } from '../../../helpers/until.ts';

const MB = 1024 * 1024;

/** Misses whose fetches end when they are told to. */
function world() {
  const fetches: { names: string[]; end: () => void }[] = [];
  const names = new Map<string, string>();
  const misses = new Misses(async (missed: readonly Missed[]) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    fetches.push({ names: missed.map(({ object }) => names.get(object.digest) ?? '?'), end: resolve });
    await promise;
    for (const { resolve: arrived } of missed) arrived();
  });
  const arrived: string[] = [];
  const bring = (client: string, name: string, size: number, gone?: AbortSignal) => {
    const digest = digestOf(name);
    names.set(digest, name);
    return misses
      .bring(client, { object: { digest, size, chunks: null }, otherVersions: [] }, gone)
      .then(() => {
        arrived.push(`${client} ${name}`);
      });
  };
  return { fetches, arrived, bring, misses };
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

for (const [kind, size] of [
  ['small', 60_000],
  ['large', MB],
] as const)
  t.test(`who misses many ${kind} objects at once leaves places to others`, async (t) => {
    const { fetches, arrived, bring } = world();
    for (const i of numbers(140)) void bring('a', `a${i}`, size);
    await turn();
    await turn();
    const ofOne = fetches.length;
    t.equal(ofOne, 4, 'half of them');
    void bring('b', 'b', size);
    await turn();
    await turn();
    const [theirs] = fetches.slice(ofOne);
    t.strictSame(theirs?.names, ['b'], 'at once, and alone');
    theirs?.end();
    await until('it', () => arrived.includes('b b'));
    t.strictSame(arrived, ['b b']);
  });

t.test('when all places are taken the clients take turns', async (t) => {
  const { fetches, bring } = world();
  for (const client of 'abcdefgh') for (const i of numbers(9)) void bring(client, client + i, MB);
  await turn();
  await turn();
  t.equal(fetches.length, 8);
  void bring('i', 'i', MB);
  await turn();
  const isTheirs = ({ names }: { names: string[] }) => names.includes('i');
  for (let i = 0; i < fetches.length && !fetches.some(isTheirs); i++) {
    fetches[i]?.end();
    await turn();
    await turn();
  }
  const ahead = fetches.findIndex(isTheirs) - 8;
  t.ok(ahead >= 0 && ahead < 9, `${ahead} of 64 go before`);
});

t.test('what several wait for is fetched once, with the best turn of them', async (t) => {
  const { fetches, arrived, bring, misses } = world();
  for (const i of numbers(20)) void bring('a', `a${i}`, MB);
  await turn();
  await turn();
  t.notOk(fetches.some(({ names }) => names.includes('a19')));
  void bring('b', 'a19', MB);
  await turn();
  await turn();
  t.strictSame(fetches.at(-1)?.names, ['a19']);
  fetches.at(-1)?.end();
  await until('both have it', () => arrived.length === 2);
  t.strictSame(arrived, ['a a19', 'b a19']);
  t.notOk(misses.has(digestOf('a19')));
  for (const { end } of fetches) end();
  await until('the others', () => {
    for (const { end } of fetches) end();
    return arrived.length === 21;
  });
  t.equal(fetches.filter(({ names }) => names.includes('a19')).length, 1);
});

t.test('what nobody waits for any more is not fetched', async (t) => {
  const { fetches, bring, misses } = world();
  const gone = new AbortController();
  for (const i of numbers(4)) void bring('a', `a${i}`, MB);
  await turn();
  await turn();
  const left = bring('a', 'left', MB, gone.signal);
  const shared = bring('a', 'shared', MB, gone.signal);
  void bring('a', 'shared', MB);
  await turn();
  gone.abort();
  await t.rejects(left, { code: 'unavailable' });
  await t.rejects(shared, { code: 'unavailable' });
  t.notOk(misses.has(digestOf('left')));
  for (const { end } of fetches) end();
  await until('the one that is waited for', () => fetches.length === 5);
  t.strictSame(fetches.at(-1)?.names, ['shared']);
});
