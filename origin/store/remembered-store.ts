import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from 'typebox';
import { SkerryError, systemCode } from '../../shared/errors.ts';
import { writeDurably } from '../../shared/files/durable-file.ts';
import { schema } from '../../shared/json/schema.ts';

const FILE = 'object-store.json';
const chosenSchema = schema(Type.Object({ store: Type.String() }));
const IN_THE_FOLDER = 'files in the data folder';

/**
 * Ensures that the objects of a data folder stay in the store that its first start chose, because in another store they
 * would be missing. Throws `bad-config`. Resolves with a function that records the choice, to be called once the store
 * has proved usable.
 */
export async function checkStore(folder: string, url: string | undefined): Promise<() => Promise<void>> {
  const wanted = url ?? IN_THE_FOLDER;
  const file = join(folder, FILE);
  const chosen = await chosenBefore(file);
  if (chosen !== undefined && chosen !== wanted)
    throw new SkerryError('bad-config', `${folder} keeps its objects in ${chosen}, not in ${wanted}`);
  return async () => {
    if (chosen === undefined) await writeDurably(file, `${JSON.stringify({ store: wanted })}\n`);
  };
}

async function chosenBefore(file: string): Promise<string | undefined> {
  try {
    return chosenSchema.parseText(await readFile(file, 'utf8'), 'data-folder-foreign').store;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
