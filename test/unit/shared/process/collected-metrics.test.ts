import { Registry } from 'prom-client';
import t from 'tap';
import { CollectedMetrics } from '../../../../shared/process/collected-metrics.ts';

interface Shop {
  readonly stock: number;
  readonly sold: Readonly<Record<string, number>>;
}

/** A registry over a source that the test answers for. */
function scraped() {
  const registry = new Registry();
  const asked: PromiseWithResolvers<Shop>[] = [];
  const shop = new CollectedMetrics<Shop>(registry, () => {
    const question = Promise.withResolvers<Shop>();
    asked.push(question);
    return question.promise;
  });
  shop.gauge('stock', 'Pieces in stock.', ({ stock }) => stock);
  shop.counterBy(['kind'], 'sold_total', 'Pieces sold.', ({ sold }) =>
    Object.entries(sold).map(([kind, count]) => [{ kind }, count]),
  );
  return { asked, metrics: () => registry.metrics() };
}

t.test('metrics have the type that they are declared with and the value that the source tells', async (t) => {
  const { asked, metrics } = scraped();
  const first = metrics();
  asked[0]?.resolve({ stock: 5, sold: { tea: 2 } });
  const text = await first;
  t.match(text, '# HELP stock Pieces in stock.\n# TYPE stock gauge\nstock 5\n');
  t.match(text, '# TYPE sold_total counter\nsold_total{kind="tea"} 2\n');
  t.equal(asked.length, 1, 'the source is asked once for all of its metrics');

  const second = metrics();
  asked[1]?.resolve({ stock: 4, sold: { tea: 3, salt: 0 } });
  t.match(
    await second,
    'sold_total{kind="tea"} 3\nsold_total{kind="salt"} 0\n',
    'a total is told, not added',
  );

  const third = metrics();
  asked[2]?.resolve({ stock: 4, sold: {} });
  t.notMatch(await third, 'kind="tea"', 'what the source no longer tells is gone');
});

t.test('scrapes at the same time both see everything', async (t) => {
  const { asked, metrics } = scraped();
  const one = metrics();
  const other = metrics();
  for (const question of asked) question.resolve({ stock: 1, sold: { tea: 7 } });
  for (const text of await Promise.all([one, other])) {
    t.match(text, 'stock 1\n');
    t.match(text, 'sold_total{kind="tea"} 7\n');
  }
});

t.test('a source that fails fails its scrape, and is asked again by the next', async (t) => {
  const { asked, metrics } = scraped();
  const first = metrics();
  asked[0]?.reject(new Error('closed'));
  await t.rejects(first, { message: 'closed' });
  const second = metrics();
  asked[1]?.resolve({ stock: 2, sold: {} });
  t.match(await second, 'stock 2\n');
});
