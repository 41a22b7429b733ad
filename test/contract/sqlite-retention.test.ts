import { join } from 'node:path';
import { openSqliteCatalog } from '../../origin/catalog/sqlite/sqlite-catalog.ts';
import { signingKeyToPem } from '../../shared/signing/keys.ts';
import { retentionContract } from './retention.ts';

retentionContract('SQLite', async (t) => {
  const folder = t.testdir({});
  return {
    open: async (key) =>
      openSqliteCatalog({ file: join(folder, 'catalog.sqlite'), key: signingKeyToPem(key) }),
  };
});
