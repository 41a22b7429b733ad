import t from 'tap';
import { wakingAfterAppends } from '../../../../origin/catalog/append-wakes.ts';
import type { Catalog } from '../../../../origin/catalog/catalog.ts';

const catalog = {
  putSite: async (name: string) => ({ name }),
  abort: async () => {
    throw new Error('it is not pending');
  },
  sites: async () => [],
  addObjects: async () => {},
} as unknown as Catalog;

t.test('who waits for the log is woken after an append, when its caller has heard of it', async (t) => {
  const seen: string[] = [];
  const woken = Promise.withResolvers<void>();
  const wake = () => {
    seen.push('woken');
    woken.resolve();
  };
  const waking = wakingAfterAppends(catalog, { wake });
  const call = async () => {
    t.match(await waking.putSite('one', undefined, 1), { name: 'one' });
    seen.push('answered');
  };
  await Promise.all([call(), woken.promise]);
  t.strictSame(seen, ['answered', 'woken']);
});

t.test('what appends nothing wakes nobody', async (t) => {
  const waking = wakingAfterAppends(catalog, { wake: () => t.fail('nobody is woken') });
  await waking.sites();
  await waking.addObjects([], 1);
  await t.rejects(waking.abort(1, 1, 'why', 1), { message: 'it is not pending' });
  await new Promise(setImmediate);
});
