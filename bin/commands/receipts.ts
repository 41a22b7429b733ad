import type { Command } from 'commander';
import type { EdgeStatus, RevisionWithReceipts } from '../../shared/wire/api.ts';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { siteMaybeRevision } from '../options/options.ts';
import { printJson, printTable, timestamp } from '../terminal/output.ts';

export function receiptsCommand(): Command {
  return readingCommand('receipts', 'show which edges have proved that they serve a revision')
    .argument(
      '<site[@revision]>',
      'the site, or one of its revisions, such as docs@12 (default: the live one)',
      siteMaybeRevision,
    )
    .action((of: { site: string; revision?: number }, options: ClientOptions & { json?: boolean }) =>
      withClient(options, async (client) => {
        const number = of.revision ?? (await client.site(of.site)).revision;
        const revision = await client.revision(of.site, number);
        const missing = withoutReceipt(revision, await client.edges());
        if (options.json) return printJson({ ...revision, missing });
        printTable(
          ['edge', 'visible since (utc)', 'covers', 'root'],
          [
            ...revision.receipts.map(({ edge, since, covers, root }) => [
              edge,
              timestamp(since),
              covers,
              root.slice(0, 16),
            ]),
            ...missing.map((edge) => [edge, 'no receipt', '', '']),
          ],
        );
      }),
    );
}

/** The names of the edges that have not signed a receipt. Revoked edges are left out. */
function withoutReceipt(
  { receipts }: RevisionWithReceipts,
  edges: readonly Pick<EdgeStatus, 'name' | 'revoked'>[],
): string[] {
  const answered = new Set(receipts.map(({ edge }) => edge));
  return edges.filter(({ name, revoked }) => !revoked && !answered.has(name)).map(({ name }) => name);
}
