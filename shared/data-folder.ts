import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Type } from 'typebox';
import { writeDurably } from './durable-file.ts';
import { SkerryError, systemCode } from './errors.ts';
import { schema } from './schema.ts';

const FORMAT = 1;
export const FORMAT_FILE = 'skerry-data.json';

const formatFile = schema(Type.Object({ role: Type.String(), format: Type.Integer() }));

export interface DataFolder {
  readonly path: string;
  /** Lets go of the lock; the operating system does so too, however the process ends. */
  release(): void;
}

/**
 * Opens or creates the data folder of one role and holds it for this process alone. Refuses a folder of
 * another role, of a newer format, in use, or with foreign files in it.
 */
export async function openDataFolder(path: string, role: 'origin' | 'edge'): Promise<DataFolder> {
  const folder = resolve(path);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new SkerryError('bad-config', `cannot create the data folder ${folder}: ${systemCode(cause)}`, {
      cause,
    });
  }
  const marker = join(folder, FORMAT_FILE);
  const found = await readMarker(marker);
  if (found === undefined) {
    if ((await readdir(folder)).some((name) => !name.startsWith('.'))) {
      throw new SkerryError('data-folder-foreign', `${folder} is not empty and not a data folder of Skerry`);
    }
    await writeDurably(marker, `${JSON.stringify({ role, format: FORMAT })}\n`);
  } else if (found.role !== role) {
    throw new SkerryError(
      'data-folder-foreign',
      `${folder} belongs to a Skerry ${found.role}, not to an ${role}`,
    );
  } else if (found.format > FORMAT) {
    throw new SkerryError(
      'data-folder-newer',
      `${folder} has data format ${found.format}, this version reads up to ${FORMAT}`,
    );
  }
  return { path: folder, release: lock(folder) };
}

async function readMarker(marker: string): Promise<{ role: string; format: number } | undefined> {
  let text: string;
  try {
    text = await readFile(marker, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  return formatFile.parseText(text, 'data-folder-foreign');
}

/** Node has no flock(2); SQLite's exclusive lock is one, and dies with the process. */
function lock(folder: string): () => void {
  const database = new DatabaseSync(join(folder, 'lock'), { timeout: 0 });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    throw new SkerryError('data-folder-in-use', `another process uses the data folder ${folder}`, { cause });
  }
  return () => database.close();
}
