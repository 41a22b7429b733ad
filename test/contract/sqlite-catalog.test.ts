import { join } from 'node:path';
import { openSqliteCatalog } from '../../origin/log/sqlite-catalog.ts';
import { signingKeyToPem } from '../../shared/keys.ts';
import { catalogContract } from './catalog/all.ts';

catalogContract('SQLite', async (t) => {
  const folder = t.testdir({});
  return {
    open: async (key) =>
      openSqliteCatalog({ file: join(folder, 'catalog.sqlite'), key: signingKeyToPem(key) }),
  };
});
