import t from 'tap';
import { loadedAtFirstScrape } from '../../../../shared/process/exposition.ts';

t.test('the metrics are loaded once, at the first scrape, and again when that failed', async (t) => {
  let loads = 0;
  const scrape = loadedAtFirstScrape(async () => {
    if (++loads === 1) throw new Error('no more descriptors');
    return async () => ({ contentType: 'text/plain', text: `loaded ${loads}` });
  });
  t.equal(loads, 0);
  await t.rejects(scrape(), { message: 'no more descriptors' });
  t.equal((await scrape()).text, 'loaded 2');
  t.equal((await scrape()).text, 'loaded 2');
});
