import { AsyncLocalStorage } from 'node:async_hooks';
import t from 'tap';
import { caller } from '../../../../origin/callers/caller.ts';
import type { Catalog } from '../../../../origin/catalog/catalog.ts';
import { inTurns } from '../../../../origin/catalog/catalog-turns.ts';

t.test('a caller with a thousand calls waits for himself', async (t) => {
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const site = (id: number) => {
    begun.push(id);
    return new Promise<void>((resolve) => ends.push(resolve));
  };
  const { catalog, close } = inTurns({ site } as unknown as Catalog);
  const flood = caller.run({ name: 'publish:evil' }, () =>
    Array.from({ length: 1000 }, (_, i) => catalog.site(i)),
  );
  const own = [5000, 5001].map((id) => caller.run({ name: 'publish:quiet' }, () => catalog.site(id)));
  const ofTheOrigin = catalog.site(6000);
  while (ends.length > 0) {
    ends.shift()?.();
    await new Promise(setImmediate);
  }
  await Promise.all([...flood, ...own, ofTheOrigin]);
  t.ok(begun.indexOf(5001) < 10, `begun as number ${begun.indexOf(5001)}`);
  t.ok(begun.indexOf(6000) < 10, 'the origin itself is one of them');
  t.ok(begun.indexOf(5000) < begun.indexOf(5001), 'in their order');
  t.strictSame(
    begun.filter((id) => id < 1000),
    Array.from({ length: 1000 }, (_, i) => i),
  );
  close();
  await t.rejects(catalog.site(1), { code: 'unavailable' });
});

t.test('a forecast holds nobody up, and forecasts run one at a time', async (t) => {
  let begun = 0;
  const forecast = () => {
    begun++;
    return new Promise(() => {});
  };
  const site = async (id: number) => id;
  const { catalog, close } = inTurns({ forecast, site } as unknown as Catalog);
  const limits = { uploadedBefore: 0, openedBefore: 0, answeredBefore: 0 };
  const forecasts = Array.from({ length: 9 }, () => catalog.forecast([], limits));
  t.equal(await catalog.site(1), 1);
  t.equal(begun, 1);
  await t.rejects(Promise.any(forecasts.slice(5)), 'a caller may have few');
  close();
  const refused = await Promise.allSettled(forecasts.slice(1));
  t.ok(refused.every(({ status }) => status === 'rejected'));
});

t.test('a call keeps the asynchronous context in which it was made', async (t) => {
  const context = new AsyncLocalStorage<number>();
  const site = async () => {
    await null;
    return context.getStore();
  };
  const { catalog, close } = inTurns({ site } as unknown as Catalog);
  const made = Array.from({ length: 20 }, (_, i) => context.run(i, () => catalog.site(i)));
  t.strictSame(
    await Promise.all(made as Promise<unknown>[]),
    made.map((_, i) => i),
  );
  close();
});
