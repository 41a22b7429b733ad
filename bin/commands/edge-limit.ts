import type { Command } from 'commander';
import { SkerryError } from '../../shared/errors.ts';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { edgeName, option, siteList } from '../options/options.ts';
import { printJson, printLine } from '../terminal/output.ts';

interface LimitOptions extends ClientOptions {
  readonly json?: boolean;
  readonly sites?: string[];
  readonly allSites?: boolean;
}

export function edgeLimitCommand(): Command {
  return readingCommand('limit', 'which sites an edge may read from a feed; it shows no others')
    .argument('<name>', 'the name of the edge', edgeName)
    .addOption(option('--sites <names>', 'these sites only, separated by commas').argParser(siteList))
    .addOption(option('--all-sites', 'every site'))
    .action((name: string, options: LimitOptions) => {
      const { sites = null, allSites = false } = options;
      if (allSites === (sites !== null))
        throw new SkerryError('bad-config', 'give either --sites or --all-sites');
      return withClient(options, async (client) => {
        const edge = await client.limitEdge(name, sites);
        if (options.json) return printJson(edge);
        printLine(`edge ${name} may read ${sites === null ? 'every site' : sites.join(', ')}`);
      });
    });
}
