import { Command } from 'commander';
import type { VerifyResult } from '../../shared/work/verify.ts';
import { type AdminFlags, withAdminOptions } from '../options/admin-command.ts';
import { option } from '../options/options.ts';
import { interruption } from '../terminal/interruption.ts';
import { humanBytes, plural, printJson, printLine } from '../terminal/output.ts';

interface VerifyFlags extends AdminFlags {
  readonly repair?: boolean;
  readonly json?: boolean;
}

export function verifyCommand(): Command {
  return withAdminOptions(new Command('verify'))
    .description('compare everything that an edge has on disk with what the origin signed')
    .addOption(option('--repair', 'fetch damaged objects again'))
    .addOption(option('--json', 'print JSON'))
    .action(async ({ repair = false, json, ...flags }: VerifyFlags) => {
      const { adminPort, askAdmin } = await import('../running/admin-port.ts');
      const result = await askAdmin<VerifyResult>(
        await adminPort(flags),
        '/verify',
        { repair },
        interruption(),
      );
      if (json) printJson(result);
      else printResult(result);
      if (!result.isSound) process.exitCode = 1;
    });
}

function printResult({ verified, sites, others }: VerifyResult): void {
  for (const { name, revision, manifest, objects, bytes, damaged, paths, repaired } of sites) {
    const isSound = damaged === 0 && manifest === 'sound';
    const isMended = manifest !== 'damaged' && (damaged === 0 || repaired);
    const state = isSound ? 'sound' : isMended ? 'repaired' : 'DAMAGED';
    printLine(`${name}@${revision}: ${plural(objects, 'object')}, ${humanBytes(bytes)}, ${state}`);
    if (manifest === 'damaged') printLine('  the manifest is not the one that the origin signed');
    for (const path of paths) printLine(`  ${path}`);
    if (damaged > paths.length) printLine(`  and ${plural(damaged - paths.length, 'other file')}`);
  }
  if (verified > sites.length) printLine(`and ${plural(verified - sites.length, 'other site')}`);
  if (others.damaged > 0)
    printLine(
      `${plural(others.damaged, 'damaged object')} of other revisions: removed, and fetched again when needed`,
    );
}
