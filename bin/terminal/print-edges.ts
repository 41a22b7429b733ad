import { isErrorCode, SkerryError } from '../../shared/errors.ts';
import { clockFault } from '../../shared/log/clock-fault.ts';
import { expiryFault } from '../../shared/tls/expiry.ts';
import type { EdgeStatus } from '../../shared/wire/api.ts';
import { edgeTree } from './edge-tree.ts';
import { humanBytes, humanSeconds, plural, printLine, printTable, timestamp } from './output.ts';

export function printEdges(edges: readonly EdgeStatus[], now = Date.now()): void {
  printTable(
    ['edge', 'region', 'labels', 'state', 'position', 'behind', 'lag', 'visible'],
    edgeTree(edges).map(({ edge, depth }) => [
      '  '.repeat(depth) + edge.name,
      edge.region,
      edge.labels.join(' '),
      state(edge),
      edge.position,
      ...(edge.diverged === null
        ? [humanBytes(edge.lag.bytes), humanSeconds(edge.lag.seconds)]
        : ['unknown', 'unknown']),
      visible(edge),
    ]),
  );
  for (const { name, sites, faults, clockOffset, revoked, health, use } of edges) {
    if (!revoked && health.reason !== null) printLine(`${name}: ${health.state}: ${health.reason}.`);
    const fault = clockFault(clockOffset ?? 0);
    if (fault !== undefined) printLine(`${name}: ${fault}`);
    const { certificate } = use ?? {};
    const expiry = certificate && expiryFault(certificate.expires, now);
    if (certificate && expiry !== undefined)
      printLine(`${name}: the certificate in ${certificate.file} ${expiry}. Renew it.`);
    for (const [site, { error }] of Object.entries(sites)) {
      if (error !== null) printLine(`${name}: ${site}: ${error}`);
    }
    const last = faults.at(-1);
    if (last === undefined) continue;
    const earlier = faults.length === 1 ? '' : `, and ${plural(faults.length - 1, 'fault')} before`;
    const hint = isErrorCode(last.code) ? `. ${new SkerryError(last.code, last.message).hint}` : '';
    printLine(
      `${name}: ${last.code} from ${last.upstream} at ${timestamp(last.time)}: ${last.message}${earlier}${hint}`,
    );
  }
}

function state({ health, paused, revoked, limits }: EdgeStatus): string {
  if (revoked) return 'revoked';
  const isLazy = limits.storage === 'lazy';
  return `${health.state}${isLazy ? ', lazy' : ''}${paused ? ', paused' : ''}`;
}

/** For each site, the revision that is shown and, after a plus, the revision that is prepared. */
function visible({ sites }: EdgeStatus): string {
  return Object.entries(sites)
    .map(
      ([site, { revision, prepared }]) => `${site}@${revision}${prepared > revision ? `+${prepared}` : ''}`,
    )
    .join(' ');
}
