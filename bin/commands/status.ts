import type { Command } from 'commander';
import type { EdgeStatus } from '../../shared/api.ts';
import { type ClientOptions, readingCommand, withClient } from '../client-command.ts';
import { humanBytes, humanSeconds, plural, printJson, printLine, printTable } from '../output.ts';

export function statusCommand(): Command {
  return readingCommand('status', 'the origin, its sites and its edges at a glance').action(
    (options: ClientOptions & { json?: boolean }) =>
      withClient(options, async (client) => {
        const status = await client.status();
        if (options.json) return printJson(status);
        const { version, seq, sites } = status.origin;
        printLine(
          `origin ${version}, log at ${seq}, ${plural(sites.length, 'site')}, ${plural(status.edges.length, 'edge')}`,
        );
        if (sites.length > 0) {
          printLine('');
          printTable(
            ['site', 'revision', 'files', 'size'],
            sites.map((site) => [site.name, site.revision, site.files, humanBytes(site.bytes)]),
          );
        }
        if (status.edges.length > 0) {
          printLine('');
          printEdges(status.edges);
        }
      }),
  );
}

export function printEdges(edges: readonly EdgeStatus[]): void {
  printTable(
    ['edge', 'region', 'state', 'position', 'behind', 'lag', 'visible'],
    edges.map((edge) => [
      edge.name,
      edge.region,
      edge.online ? 'online' : 'offline',
      edge.position,
      humanBytes(edge.lag.bytes),
      humanSeconds(edge.lag.seconds),
      visible(edge),
    ]),
  );
  for (const edge of edges) {
    for (const [site, { error }] of Object.entries(edge.sites)) {
      if (error !== null) printLine(`${edge.name}: ${site}: ${error}`);
    }
  }
}

function visible(edge: EdgeStatus): string {
  return Object.entries(edge.sites)
    .map(([site, { revision }]) => `${site}@${revision}`)
    .join(' ');
}
