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
  return readingCommand('limit', 'limit which sites an edge may read and serve')
    .argument('<name>', 'the name of the edge', edgeName)
    .addOption(
      option('--sites <names>', 'the sites that the edge may read, separated by commas').argParser(siteList),
    )
    .addOption(option('--all-sites', 'let the edge read every site'))
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
