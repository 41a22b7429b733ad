import type { Command } from 'commander';
import { SkerryError } from '../../shared/errors.ts';
import type { VerifyResult } from '../../shared/work/verify.ts';
import {
  type AdminFlags,
  type AdminOptions,
  namesAdmin,
  withAdminOptions,
} from '../options/admin-command.ts';
import { readingCommand, withClient } from '../options/client-command.ts';
import { edgeName, option } from '../options/options.ts';
import { deadlineOption } from '../options/task-options.ts';
import { interruption } from '../terminal/interruption.ts';
import { printJson, printLine } from '../terminal/output.ts';

interface VerifyFlags extends AdminOptions {
  readonly repair?: boolean;
  readonly deadline: number;
  readonly json?: boolean;
}

export function verifyCommand(): Command {
  return withAdminOptions(
    readingCommand('verify', 'compare everything that edges have on disk with what the origin signed'),
  )
    .argument('[edge...]', 'the edges (default: all edges)', edgeNames)
    .addOption(option('--repair', 'fetch damaged objects again'))
    .addOption(deadlineOption())
    .action(async (edges: string[], flags: VerifyFlags) => {
      if (namesAdmin(flags)) return verifyOne(edges, flags);
      const { verifyFleet } = await import('../tasks/verify-fleet.ts');
      const { repair = false, deadline, json = false } = flags;
      await withClient(flags, (client, signal) =>
        verifyFleet(client, { edges, repair, deadline, json }, signal),
      );
    });
}

/** Verifies the edge whose admin port the flags name. */
async function verifyOne(edges: readonly string[], flags: VerifyFlags & AdminFlags): Promise<void> {
  if (edges.length > 0)
    throw new SkerryError('bad-config', 'give either --admin, for one edge, or the names of edges');
  const { repair = false, json } = flags;
  const { adminPort, askAdmin } = await import('../running/admin-port.ts');
  const { verifyLines } = await import('../tasks/verify-result.ts');
  const admin = await adminPort(flags);
  const result = await askAdmin<VerifyResult>(admin, '/verify', { repair }, interruption());
  if (json) printJson(result);
  else for (const line of verifyLines(result)) printLine(line);
  if (!result.isSound) process.exitCode = 1;
}

function edgeNames(text: string, before: readonly string[] = []): string[] {
  return [...before, edgeName(text)];
}
