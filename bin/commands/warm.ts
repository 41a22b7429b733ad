import { Command } from 'commander';
import type { WarmResult } from '../../edge/lazy/warm.ts';
import { adminOption, askAdmin } from '../admin-port.ts';
import { interruption } from '../interruption.ts';
import { option, siteName } from '../options.ts';
import { humanBytes, plural, printJson, printLine } from '../output.ts';

export function warmCommand(): Command {
  return new Command('warm')
    .description('have a lazy edge fetch what it lacks of a site, before readers ask for it')
    .argument('<site>', 'the site', siteName)
    .argument('[path...]', 'published paths, or patterns with a * in them; all without any')
    .addOption(adminOption())
    .addOption(option('--json', 'print JSON'))
    .action(async (site: string, paths: string[], { admin, json }: { admin: string; json?: boolean }) => {
      const result = await askAdmin<WarmResult>(admin, '/warm', { site, paths }, interruption());
      if (json) return printJson(result);
      const { held, fetched, left, revision } = result;
      const shown = ({ objects, bytes }: WarmResult['held']) =>
        `${plural(objects, 'object')}, ${humanBytes(bytes)}`;
      printLine(`${site}@${revision}: fetched ${shown(fetched)}; held before: ${shown(held)}`);
      if (left.objects > 0) printLine(`no room within the disk budget for ${shown(left)}`);
    });
}
