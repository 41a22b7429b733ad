import { type Command, Option } from 'commander';
import type { ApiClient } from '../../origin/client/api-client.ts';
import type { ReceiptSubject } from '../../origin/client/receipt-subject.ts';
import { SkerryError } from '../../shared/errors.ts';
import type { EdgeStatus, RevisionWithReceipts } from '../../shared/wire/api.ts';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { siteMaybeRevision, whole } from '../options/options.ts';
import { printPurge } from '../receipts/print-purge.ts';
import { plural, printJson, printLine, printTable, timestamp } from '../terminal/output.ts';

/** The file holds no secret, and is meant for others. */
const READABLE = 0o644;

interface ReceiptsFlags extends ClientOptions {
  readonly json?: boolean;
  readonly purge?: number;
  readonly record?: number;
  readonly export?: string;
}

interface Of {
  readonly site: string;
  readonly revision?: number;
}

export function receiptsCommand(): Command {
  return readingCommand('receipts', 'show which edges have proved that they serve a revision')
    .argument(
      '<site[@revision]>',
      'the site, or one of its revisions, such as docs@12 (default: the live one)',
      siteMaybeRevision,
    )
    .addOption(
      new Option(
        '--purge <record>',
        'show who has carried out the purge in this record of the log',
      ).argParser(whole(1, Number.MAX_SAFE_INTEGER)),
    )
    .addOption(
      new Option('--export <file>', 'write them to a file that others can check: see skerry verify-receipts'),
    )
    .addOption(
      new Option(
        '--record <record>',
        'export the receipts of this step of a rollout, or of this abort (default: what made the revision live)',
      ).argParser(whole(1, Number.MAX_SAFE_INTEGER)),
    )
    .action((of: Of, { json, purge, record, export: file, ...options }: ReceiptsFlags) =>
      withClient(options, async (client) => {
        if (purge !== undefined && of.revision !== undefined)
          throw new SkerryError(
            'bad-config',
            '--purge names a record of the log, so give the site without a revision',
          );
        if (record !== undefined && (file === undefined || purge !== undefined))
          throw new SkerryError('bad-config', '--record says what --export writes about a revision');
        const subject = purge === undefined ? { revision: await revisionOf(client, of), record } : { purge };
        if (file !== undefined) return exportReceipts(client, of.site, subject, { file, json });
        if ('purge' in subject) return printPurge(await client.purgeAt(of.site, subject.purge), json);
        await showRevision(client, await client.revision(of.site, subject.revision), json);
      }),
    );
}

async function revisionOf(client: ApiClient, { site, revision }: Of): Promise<number> {
  return revision ?? (await client.site(site)).revision;
}

/** The file is checked before it is written, so a fault shows here and not at whom it is sent to. */
async function exportReceipts(
  client: ApiClient,
  site: string,
  subject: ReceiptSubject,
  { file, json }: { readonly file: string; readonly json: boolean | undefined },
): Promise<void> {
  const { writeDurably } = await import('../../shared/files/durable-file.ts');
  const { checked } = await import('../receipts/checked-receipts.ts');
  const text = await client.receiptFile(site, subject);
  const { recovery, confirmed, missing } = checked(Buffer.from(text));
  await writeDurably(file, text, READABLE);
  if (json)
    return printJson({ file, recoveryKey: recovery, confirmed: confirmed.length, missing: missing.length });
  printLine(
    `${plural(confirmed.length, 'receipt')} in ${file}, ${plural(missing.length, 'edge')} without one`,
  );
  printLine(`check: skerry verify-receipts ${file} --key ${recovery}`);
}

async function showRevision(client: ApiClient, revision: RevisionWithReceipts, json: boolean | undefined) {
  const missing = withoutReceipt(revision, await client.edges());
  if (json) return printJson({ ...revision, missing });
  printTable(
    ['edge', 'visible since (utc)', 'record', 'covers', 'root'],
    [
      ...revision.receipts.map(({ edge, since, seq, covers, root }) => [
        ...[edge, timestamp(since), String(seq), covers, root.slice(0, 16)],
      ]),
      ...missing.map((edge) => [edge, 'no receipt', '', '', '']),
    ],
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
