import type { Command } from 'commander';
import { SkerryError } from '../../shared/errors.ts';
import type { WarmResult } from '../../shared/work/warm.ts';
import {
  type AdminFlags,
  type AdminOptions,
  namesAdmin,
  withAdminOptions,
} from '../options/admin-command.ts';
import { readingCommand, withClient } from '../options/client-command.ts';
import { siteName } from '../options/options.ts';
import { deadlineOption, edgesOption } from '../options/task-options.ts';
import { interruption } from '../terminal/interruption.ts';
import { printError, printJson, printLine } from '../terminal/output.ts';

interface WarmFlags extends AdminOptions {
  readonly edge?: readonly string[];
  readonly deadline: number;
  readonly json?: boolean;
}

export function warmCommand(): Command {
  return withAdminOptions(
    readingCommand('warm', 'make lazy edges fetch the missing objects of a site before readers ask for them'),
  )
    .argument('<site>', 'the site', siteName)
    .argument('[path...]', 'published paths, or patterns with a * in them (default: all paths)')
    .addOption(edgesOption('an edge to warm (default: all edges of the site)'))
    .addOption(deadlineOption())
    .action(async (site: string, paths: string[], flags: WarmFlags) => {
      if (namesAdmin(flags)) return warmOne({ site, paths }, flags);
      const { warmFleet } = await import('../tasks/warm-fleet.ts');
      const { edge: edges = [], deadline, json = false } = flags;
      await withClient(flags, (client, signal) =>
        warmFleet(client, { site, paths, edges, deadline, json }, signal),
      );
    });
}

interface Wanted {
  readonly site: string;
  readonly paths: readonly string[];
}

/** Warms the edge whose admin port the flags name. */
async function warmOne(wanted: Wanted, flags: WarmFlags & AdminFlags): Promise<void> {
  if (flags.edge !== undefined)
    throw new SkerryError('bad-config', 'give either --admin, for one edge, or --edge');
  const { amountText } = await import('../tasks/warm-result.ts');
  const result = await warmed(flags, wanted, interruption());
  if (result.failed.objects > 0) process.exitCode = 1;
  if (flags.json) return printJson(result);
  const { held, fetched, left, failed, revision } = result;
  printLine(`${wanted.site}@${revision}: fetched ${amountText(fetched)}; held before: ${amountText(held)}`);
  if (failed.objects > 0)
    printLine(`could not be fetched from any upstream: ${amountText(failed)} (${failed.why})`);
  if (left.objects > 0) printLine(`no room within the disk budget for ${amountText(left)}`);
}

/**
 * Warms an edge until nothing is left. The edge pauses after half a minute and answers, and the command then asks
 * again.
 */
async function warmed(flags: AdminFlags, request: object, signal: AbortSignal): Promise<WarmResult> {
  const { adminPort, askAdmin } = await import('../running/admin-port.ts');
  const { amountText } = await import('../tasks/warm-result.ts');
  const admin = await adminPort(flags);
  let objects = 0;
  let bytes = 0;
  while (true) {
    const result = await askAdmin<WarmResult>(admin, '/warm', request, signal);
    objects += result.fetched.objects;
    bytes += result.fetched.bytes;
    if (process.stderr.isTTY && result.more) printError(`fetched ${amountText({ objects, bytes })} so far`);
    if (result.more) continue;
    const before = {
      objects: result.held.objects + result.fetched.objects - objects,
      bytes: result.held.bytes + result.fetched.bytes - bytes,
    };
    return { ...result, held: before, fetched: { objects, bytes } };
  }
}
