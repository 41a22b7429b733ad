import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from 'typebox';
import { systemCode } from '../../shared/errors.ts';
import { writeDurably } from '../../shared/files/durable-file.ts';
import { schema } from '../../shared/json/schema.ts';
import { storeRoleSchema } from '../../shared/wire/store-api.ts';
import type { StorePlaces } from './places-state.ts';

const FILE = 'object-store.json';
const placesSchema = schema(
  Type.Object({
    store: Type.String(),
    other: Type.Union([
      Type.Object({
        url: Type.String(),
        role: storeRoleSchema,
      }),
      Type.Null(),
    ]),
    former: Type.Array(Type.String()),
  }),
);

/** Undefined before the first start. */
export async function readPlaces(folder: string): Promise<StorePlaces | undefined> {
  try {
    return placesSchema.parseText(await readFile(join(folder, FILE), 'utf8'), 'data-folder-foreign');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

export async function writePlaces(folder: string, places: StorePlaces): Promise<void> {
  await writeDurably(join(folder, FILE), `${JSON.stringify(places)}\n`);
}
