import { join } from 'node:path';
import { openSqliteCatalog } from '../../origin/log/sqlite-catalog.ts';
import { signingKeyToPem } from '../../shared/keys.ts';
import { retentionContract } from './retention.ts';

retentionContract('SQLite', async (t) => {
  const folder = t.testdir({});
  return {
    open: async (key) =>
      openSqliteCatalog({ file: join(folder, 'catalog.sqlite'), key: signingKeyToPem(key) }),
  };
});
