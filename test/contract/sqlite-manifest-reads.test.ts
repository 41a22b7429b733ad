import { openManifestReads, openSqliteCatalog } from '../../origin/catalog/sqlite/sqlite-catalog.ts';
import { signingKeyToPem } from '../../shared/signing/keys.ts';
import { catalogFile } from './catalog-file.ts';
import { manifestReadsContract } from './manifest-reads.ts';

manifestReadsContract('SQLite', async () => {
  const file = catalogFile();
  return {
    open: async (key) => openSqliteCatalog({ file, key: signingKeyToPem(key) }),
    reads: () => openManifestReads(file),
  };
});
