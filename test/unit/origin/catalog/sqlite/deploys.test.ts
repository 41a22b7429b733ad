import t from 'tap';
import { NO_DETAILS } from '../../../../../origin/catalog/file-change.ts';
import { MOST_FILES } from '../../../../../origin/catalog/limits.ts';
import { signerWith } from '../../../../../origin/catalog/record-signer.ts';
import { catalogContext } from '../../../../../origin/catalog/sqlite/context.ts';
import { deployCalls } from '../../../../../origin/catalog/sqlite/deploys.ts';
import { openLogWriter } from '../../../../../origin/catalog/sqlite/log-writer.ts';
import { migrations } from '../../../../../origin/catalog/sqlite/schema.ts';
import type { ContentPath } from '../../../../../shared/content/content-path.ts';
import { openDatabase } from '../../../../../shared/sqlite/open.ts';
import { originKey } from '../../../shared/fixed-keys.ts';

function place() {
  const database = openDatabase(':memory:', migrations);
  database.exec(
    "INSERT INTO site (id, name, domains, policy) VALUES (1, 'a', '[]', '{}'), (2, 'b', '[]', '{}')",
  );
  return {
    database,
    ...deployCalls(catalogContext(database, openLogWriter(database, signerWith(originKey)))),
  };
}

t.test('of many deploys that nobody commits the oldest is given up, but no young one', async (t) => {
  const { createDeploy, deploy, finishDeploy, addDeployFiles } = place();
  createDeploy('other', 2, 1);
  createDeploy('done', 1, 1);
  finishDeploy('done', {} as never);
  for (let i = 1; i <= 50; i++) createDeploy(`open-${i}`, 1, i);
  t.throws(() => createDeploy('refused', 1, 600_000), { code: 'too-many-requests' });
  t.throws(() => deploy('refused'), { code: 'no-such-deploy' });
  createDeploy('open-51', 1, 600_001);
  t.throws(() => createDeploy('refused', 1, 600_001), { code: 'too-many-requests' });
  createDeploy('open-52', 1, 600_002);
  for (const id of ['open-1', 'open-2']) t.throws(() => deploy(id), { code: 'no-such-deploy' });
  for (const id of ['open-3', 'open-52', 'done', 'other']) t.match(deploy(id), { id });
  // It has another id in the catalog until its files are gone.
  t.throws(() => deploy('given up 3'), { code: 'no-such-deploy' });
  t.throws(() => addDeployFiles('given up 3', []), { code: 'no-such-deploy' });
});

t.test('a deploy has no more files than a catalog can stage', async (t) => {
  const { database, createDeploy, addDeployFiles } = place();
  createDeploy('large', 1, 1);
  database.prepare('UPDATE deploy SET files = ?').run(MOST_FILES - 1);
  const file = (path: string) => ({ path: path as ContentPath, digest: null, size: 0, ...NO_DETAILS });
  t.throws(() => addDeployFiles('large', [file('a'), file('b')]), { code: 'too-large' });
  addDeployFiles('large', [file('a')]);
  t.throws(() => addDeployFiles('large', [file('b')]), { code: 'too-large' });
});
