import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { ask } from '../helpers/http.ts';
import { until } from '../helpers/until.ts';
import { cluster, edge } from './one-edge/cluster.ts';

// On a busy machine; together they start one cluster instead of eight.
t.setTimeout(600_000);

const folder = join(import.meta.dirname, 'one-edge');
const suites = (await readdir(folder)).filter((name) => name.endsWith('.test.ts'));
for (const suite of suites.sort()) {
  const prepared = import(join(folder, suite));
  // Else all would be over for want of tests.
  t.waitOn(prepared);
  await prepared;
  // Each suite begins when the one before it has ended.
  await t.test(`origin and edge outlive ${suite}`, async (t) => {
    // A suite may have restarted the edge a moment ago.
    for (const url of [cluster.origin.url, edge.adminUrl])
      t.ok(await until(`${url} to be ready`, async () => (await ask(url, '/readyz')).status === 200));
  });
}
