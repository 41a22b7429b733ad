import { join } from 'node:path';
import { openManifestReads, openSqliteCatalog } from '../../origin/catalog/sqlite/sqlite-catalog.ts';
import { signingKeyToPem } from '../../shared/signing/keys.ts';
import { manifestReadsContract } from './manifest-reads.ts';

manifestReadsContract('SQLite', async (t) => {
  const file = join(t.testdir({}), 'catalog.sqlite');
  return {
    open: async (key) => openSqliteCatalog({ file, key: signingKeyToPem(key) }),
    reads: () => openManifestReads(file),
  };
});
