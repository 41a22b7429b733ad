import type { FolderPreview } from '../../origin/client/folder/preview-folder.ts';
import { humanBytes, plural, printJson, printLine } from '../terminal/output.ts';

const SIGNS = { added: '+', modified: '~', deleted: '-' } as const;
/** A longer list would not be read. */
const MOST_SHOWN = 100;

/** Prints what a publish would do. `json` prints the same as JSON. */
export function printPreview(
  site: string,
  { changes, unchanged, objects, bytes, revision, leftOut }: FolderPreview,
  json: boolean | undefined,
): void {
  const shown = changes.slice(0, MOST_SHOWN);
  const count = { added: 0, modified: 0, deleted: 0 };
  for (const { change } of changes) count[change]++;
  if (json) {
    printJson({ site, revision, ...count, unchanged, objects, bytes, leftOut, changes: shown });
    return;
  }
  for (const { change, path } of shown) printLine(`${SIGNS[change]} ${path}`);
  if (changes.length > shown.length)
    printLine(`… and ${plural(changes.length - shown.length, 'other change')}`);
  const base = revision === 0 ? 'which has no revision' : `compared with revision ${revision}`;
  const { added, modified, deleted } = count;
  printLine(
    `site ${site}, ${base}: ${added} added, ${modified} modified, ${deleted} deleted, ${unchanged} unchanged`,
  );
  const left = leftOut === 0 ? '' : `; left out: ${leftOut}, see --include`;
  printLine(`a publish would send at most ${plural(objects, 'object')}, ${humanBytes(bytes)}${left}`);
  printLine('nothing was changed');
}
