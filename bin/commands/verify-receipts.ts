import { readFile, stat } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { SkerryError } from '../../shared/errors.ts';
import type { Verdict } from '../../shared/receipts/check-receipts.ts';
import type { ReceiptFile } from '../../shared/receipts/receipt-file.ts';
import type { KeyFingerprint } from '../../shared/signing/keys.ts';
import { plural, printJson, printLine, printTable, timestamp } from '../terminal/output.ts';

export function verifyReceiptsCommand(): Command {
  return new Command('verify-receipts')
    .description('check a file of receipts, without an origin and without a network')
    .argument('<file>', 'a file that skerry receipts --export has written')
    .addOption(
      new Option(
        '--key <fingerprint>',
        "the fingerprint of the origin's recovery key, as you know it",
      ).argParser(fingerprint),
    )
    .addOption(new Option('--json', 'print JSON'))
    .action(async (path: string, { key, json }: { key?: KeyFingerprint; json?: boolean }) => {
      const { checked } = await import('../receipts/checked-receipts.ts');
      const { file, ...verdict } = checked(await bytesOf(path), key);
      if (json) printJson(asJson(file, verdict));
      else show(file, verdict, key !== undefined);
    });
}

function fingerprint(text: string): KeyFingerprint {
  if (!/^[0-9a-f]{32}$/.test(text))
    throw new InvalidArgumentError('A fingerprint has 32 hexadecimal digits. An API token ends with it.');
  return text as KeyFingerprint;
}

async function bytesOf(path: string): Promise<Uint8Array> {
  const { MOST_FILE_BYTES } = await import('../../shared/receipts/receipt-file.ts');
  try {
    const { size } = await stat(path);
    if (size > MOST_FILE_BYTES)
      throw new SkerryError('bad-receipts', `${path} is too large for a file of receipts`);
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof SkerryError) throw cause;
    throw new SkerryError('bad-config', `cannot read ${path}`, { cause });
  }
}

function asJson({ record, roster }: ReceiptFile, { recovery, shows, confirmed, missing }: Verdict) {
  const { log, site, seq, time } = roster;
  const host = ([edge, region]: Verdict['missing'][number]) => ({ edge, region });
  return {
    ...{ log, recoveryKey: recovery, site, kind: record.kind, record: record.seq },
    ...shows,
    asOf: { record: seq, time },
    confirmed: confirmed.map(({ member, receipt }) => ({
      ...{ ...host(member), state: member[3], since: receipt.since },
      ...('root' in receipt ? { covers: receipt.covers } : { matched: receipt.matched }),
    })),
    missing: missing.map(host),
  };
}

/** Why edges show the revision, if not because it was made live. */
const WHY: Readonly<Record<string, string>> = {
  rollout: ' in a rollout',
  abort: ' again after a rollout was taken back',
};

function show(
  { record, roster }: ReceiptFile,
  { recovery, shows, confirmed, missing }: Verdict,
  isTrusted: boolean,
): void {
  const isPurge = record.kind === 'purge';
  const { revision = 0, root = '' } = shows ?? {};
  const why = WHY[record.kind] ?? '';
  const subject = isPurge ? 'a purge' : `revision ${revision}${why}, root ${root}`;
  printLine(`site ${roster.site}: ${subject}, record ${record.seq} of ${timestamp(record.time)} utc`);
  const asOf = `as of record ${roster.seq}, ${timestamp(roster.time)} utc`;
  printLine(`${plural(confirmed.length, 'receipt')}, ${plural(missing.length, 'edge')} without one, ${asOf}`);
  printTable(
    ['edge', 'region', isPurge ? 'done (utc)' : 'visible since (utc)', isPurge ? 'matched' : 'covers'],
    [
      ...confirmed.map(({ member: [edge, region, , state], receipt }) => [
        state === 'member' ? edge : `${edge} (${state} since)`,
        region,
        timestamp(receipt.since),
        'root' in receipt ? receipt.covers : String(receipt.matched),
      ]),
      ...missing.map(([edge, region]) => [edge, region, 'no receipt', '']),
    ],
  );
  if (isTrusted) printLine(`all signatures lead to the recovery key ${recovery}`);
  else
    printLine(
      `all signatures lead to the recovery key ${recovery}. Compare it with the one that you know, or give that with --key`,
    );
}
