import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'skerry-catalogs-'));
// After the tests, when nobody has a catalog open.
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
let count = 0;

/**
 * A file for a catalog that no other test has. `npm test` keeps temporary files in memory: thousands of small
 * transactions would otherwise wait for the disk, whose durability no contract can see.
 */
export const catalogFile = () => join(folder, `catalog-${count++}.sqlite`);
