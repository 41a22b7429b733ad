import type { DatabaseSync } from 'node:sqlite';
import t from 'tap';
import { migrations } from '../../../../edge/store/sqlite/schema.ts';
import { stagedCalls } from '../../../../edge/store/sqlite/staged.ts';
import type { ContentPath } from '../../../../shared/content/content-path.ts';
import type { Change } from '../../../../shared/content/diff.ts';
import { digestOf } from '../../../../shared/content/digest.ts';
import { openManifestReader } from '../../../../shared/content/manifest/sqlite/reading.ts';
import { openStaging } from '../../../../shared/content/manifest/sqlite/staging.ts';
import { openDatabase, statements } from '../../../../shared/sqlite/open.ts';

const put = (path: string, content: string): Change => ({
  kind: 'put',
  entry: {
    path: path as ContentPath,
    digest: digestOf(content),
    size: content.length,
    chunks: null,
    type: 'text/plain',
    meta: [],
    time: 1,
  },
});

t.test('nothing that a small change asks for walks the whole site', async (t) => {
  const asked = new Set<string>();
  const database = openDatabase(':memory:', migrations);
  const prepare = database.prepare.bind(database);
  database.prepare = (sql: string) => {
    asked.add(sql);
    return prepare(sql);
  };
  const staging = openStaging(database);
  const staged = stagedCalls(database, statements(database));
  const reader = openManifestReader(database);

  database.exec("INSERT INTO site (id, name, domains, policy) VALUES (1, 'docs', '[]', '{}')");
  staged.beginStaging(1, 1, digestOf('root'));
  staged.stageLast(1, 1, [put('a', 'a'), put('b', 'b')], 100);
  staged.beginStaging(1, 2, digestOf('root'));
  staging.staged(1, 'a' as ContentPath);
  staged.stageLast(1, 2, [put('a', 'A'), { kind: 'delete', path: 'b' as ContentPath }], 100);
  t.match(staged.objectsBeyond(1, 2, 1, 0, 10), { objects: [{ path: 'a' }] });
  t.match(staged.stagedRemovals(1, 2, 10), [{ path: 'b' }]);
  t.equal(staged.bytesBeyond(1, 2, 1), 1);
  t.equal(reader.diffPage(1, 1, 2, undefined, 10).changes.length, 2);
  t.equal(reader.diffPage(1, 2, 1, undefined, 10).changes.length, 2);
  t.equal(staging.unstage(1, 2, 10), true);

  const plans = [...asked].map((sql) => ({ sql, steps: stepsOf(prepare, sql) }));
  const walks = plans.filter(({ steps }) =>
    steps.some((step) => /SCAN (entry|bucket|e|o)\b/.test(step) || /\(site=\?\)$/.test(step)),
  );
  t.ok(plans.length > 15, `${plans.length} statements were asked`);
  t.strictSame(walks, []);
  database.close();
});

function stepsOf(prepare: DatabaseSync['prepare'], sql: string): string[] {
  const explain = prepare(`EXPLAIN QUERY PLAN ${sql}`);
  const named = [...new Set(sql.match(/:\w+/g) ?? [])];
  const rows =
    named.length > 0
      ? explain.all(Object.fromEntries(named.map((name) => [name.slice(1), 1])))
      : explain.all(...(sql.match(/\?/g) ?? []).map(() => 1));
  return rows.map(({ detail }) => String(detail));
}
