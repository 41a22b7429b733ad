import { Command } from 'commander';
import type { WarmResult } from '../../shared/work/warm.ts';
import { type AdminFlags, withAdminOptions } from '../options/admin-command.ts';
import { option, siteName } from '../options/options.ts';
import { interruption } from '../terminal/interruption.ts';
import { humanBytes, plural, printError, printJson, printLine } from '../terminal/output.ts';

interface WarmFlags extends AdminFlags {
  readonly json?: boolean;
}

export function warmCommand(): Command {
  return withAdminOptions(new Command('warm'))
    .description('make a lazy edge fetch the missing objects of a site before readers ask for them')
    .argument('<site>', 'the site', siteName)
    .argument('[path...]', 'published paths, or patterns with a * in them (default: all paths)')
    .addOption(option('--json', 'print JSON'))
    .action(async (site: string, paths: string[], { json, ...flags }: WarmFlags) => {
      const result = await warmed(flags, { site, paths }, interruption());
      if (result.failed.objects > 0) process.exitCode = 1;
      if (json) return printJson(result);
      const { held, fetched, left, failed, revision } = result;
      printLine(`${site}@${revision}: fetched ${shown(fetched)}; held before: ${shown(held)}`);
      if (failed.objects > 0)
        printLine(`could not be fetched from any upstream: ${shown(failed)} (${failed.why})`);
      if (left.objects > 0) printLine(`no room within the disk budget for ${shown(left)}`);
    });
}

/** The edge pauses after half a minute and answers. The command asks again until nothing is left. */
async function warmed(flags: AdminFlags, request: object, signal: AbortSignal): Promise<WarmResult> {
  const { adminPort, askAdmin } = await import('../running/admin-port.ts');
  const admin = await adminPort(flags);
  let objects = 0;
  let bytes = 0;
  while (true) {
    const result = await askAdmin<WarmResult>(admin, '/warm', request, signal);
    objects += result.fetched.objects;
    bytes += result.fetched.bytes;
    if (process.stderr.isTTY && result.more) printError(`fetched ${shown({ objects, bytes })} so far`);
    if (result.more) continue;
    const before = {
      objects: result.held.objects + result.fetched.objects - objects,
      bytes: result.held.bytes + result.fetched.bytes - bytes,
    };
    return { ...result, held: before, fetched: { objects, bytes } };
  }
}

function shown({ objects, bytes }: WarmResult['held']): string {
  return `${plural(objects, 'object')}, ${humanBytes(bytes)}`;
}
