import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from 'typebox';
import { SkerryError } from '../../shared/errors.ts';
import { writeDurably } from '../../shared/files/durable-file.ts';
import { schema } from '../../shared/json/schema.ts';
import { readIfThere } from '../../shared/signing/key-file.ts';

/** The values that replace `{{NAME}}` in the files of the example, by name. */
export type Facts = Readonly<Record<string, string>>;

const writtenFile = schema(Type.Record(Type.String(), Type.String()));

interface Places {
  /** The example as it is shipped. */
  readonly source: string;
  readonly folder: string;
  /** Holds the digest of each file that was written, so that later changes by the user are noticed. */
  readonly written: string;
}

/**
 * Copies the example to a folder where the user may edit it. Files that the user changed or removed there stay as they
 * are. All others follow the shipped files and the facts. When the folder is missing, all files are written again.
 */
export async function layOutExample({ source, folder, written }: Places, facts: Facts): Promise<void> {
  // The folder is inside the data folder, which only its owner may read.
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

/** Replaces each `{{NAME}}` in the text. Throws for an unknown name. */
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
