import type { Site } from '../../shared/wire/api.ts';
import { humanBytes, printTable, timestamp } from './output.ts';

export function printSites(sites: readonly Site[]): void {
  printTable(
    ['site', 'revision', 'files', 'size', 'mode', 'pending', 'domains'],
    sites.map((site) => [
      site.name,
      site.revision,
      site.files,
      humanBytes(site.bytes),
      site.policy.mode,
      pending(site),
      site.domains.join(' '),
    ]),
  );
}

function pending({ pending }: Site): string {
  if (pending === null) return '';
  const { revision, mode, opens } = pending;
  return `${revision} ${opens === null ? mode : `opens ${timestamp(opens)} utc`}`;
}
