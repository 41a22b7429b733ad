import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from 'typebox';
import { SkerryError } from '../../shared/errors.ts';
import { writeDurably } from '../../shared/files/durable-file.ts';
import { schema } from '../../shared/json/schema.ts';
import { readIfThere } from '../../shared/signing/key-file.ts';

/** What the files of the example say about this machine, by the name that stands in `{{…}}`. */
export type Facts = Readonly<Record<string, string>>;

const writtenFile = schema(Type.Record(Type.String(), Type.String()));

interface Places {
  /** The example as it is shipped. */
  readonly source: string;
  readonly folder: string;
  /** Holds the digest of each file that was written, so that a change of it shows. */
  readonly written: string;
}

/**
 * Lays the example out where it may be edited. What somebody has changed or removed there stays as it is; all else
 * follows the shipped files and the facts. Without the folder all begins anew.
 */
export async function layOutExample({ source, folder, written }: Places, facts: Facts): Promise<void> {
  // It lies among data of the roles, which is for its owner alone.
  const isNew = (await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined;
  const before = isNew ? {} : await writtenBefore(written);
  const after: Record<string, string> = {};
  for (const name of await readdir(source)) {
    const text = filled(await readFile(join(source, name), 'utf8'), facts);
    const file = join(folder, name);
    const found = await readIfThere(file);
    const isOurs =
      found === undefined ? !(name in before) : [digest(text), before[name]].includes(digest(found));
    if (isOurs && found !== text) await writeFile(file, text);
    const last = isOurs ? digest(text) : before[name];
    if (last !== undefined) after[name] = last;
  }
  await writeDurably(written, JSON.stringify(after));
}

/** Throws for a name that is no fact. */
export function filled(text: string, facts: Facts): string {
  return text.replace(/\{\{([\w.-]+)\}\}/g, (_, name: string) => {
    const fact = facts[name];
    if (fact === undefined)
      throw new SkerryError('internal', `the example uses {{${name}}}, which is not a known name`);
    return fact.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  });
}

async function writtenBefore(file: string): Promise<Readonly<Record<string, string>>> {
  const text = await readIfThere(file);
  return text === undefined ? {} : writtenFile.parseText(text, 'data-folder-damaged');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
