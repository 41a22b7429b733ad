import type { Command } from 'commander';
import { expiryFault } from '../../shared/tls/expiry.ts';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { plural, printJson, printLine } from '../terminal/output.ts';
import { printEdges } from '../terminal/print-edges.ts';
import { printSites } from '../terminal/print-sites.ts';

export function statusCommand(): Command {
  return readingCommand('status', 'show the origin, its sites and its edges').action(
    (options: ClientOptions & { json?: boolean }) =>
      withClient(options, async (client) => {
        const status = await client.status();
        if (options.json) return printJson(status);
        const { version, seq, sites, certificate } = status.origin;
        printLine(
          `origin ${version}, log at ${seq}, ${plural(sites.length, 'site')}, ${plural(status.edges.length, 'edge')}`,
        );
        const expiry = certificate === null ? undefined : expiryFault(certificate.expires, Date.now());
        if (expiry !== undefined) printLine(`origin: the certificate ${expiry}. Renew it.`);
        if (sites.length > 0) {
          printLine('');
          printSites(sites);
        }
        if (status.edges.length > 0) {
          printLine('');
          printEdges(status.edges);
        }
      }),
  );
}
