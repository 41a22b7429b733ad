import type { Command } from 'commander';
import { SkerryError } from '../../shared/errors.ts';
import { NAME_PATTERN } from '../../shared/site/name-pattern.ts';
import type { Mode } from '../../shared/site/site-policy.ts';
import type { ActivateRequest } from '../../shared/wire/alias-api.ts';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { modeOption, option } from '../options/options.ts';
import { confirmCommit, printCommit } from '../publishing/print-commit.ts';
import { printJson } from '../terminal/output.ts';

interface ActivateFlags extends ClientOptions {
  readonly json?: boolean;
  readonly mode?: Mode;
  readonly now?: boolean;
}

export function activateCommand(): Command {
  return readingCommand('activate', 'make a draft live, without moving a byte')
    .argument('<site@revision-or-alias>', 'the revision, or the alias that names it, for example blog@pr-12')
    .addOption(modeOption())
    .addOption(option('--now', 'open a batch window now'))
    .action((text: string, { mode, now, json, ...options }: ActivateFlags) =>
      withClient(options, async (client) => {
        const { site, ...target } = parseTarget(text);
        const { activate } = await import('../../origin/client/alias-calls.ts');
        const commit = await activate(client, site, {
          ...target,
          ...(mode !== undefined && { mode }),
          ...(now && { now }),
        });
        if (json) printJson(commit);
        else printCommit(site, commit);
        confirmCommit(commit);
      }),
    );
}

/** Parses `SITE@12` and `SITE@ALIAS`. Throws `bad-config`. */
function parseTarget(text: string): { readonly site: string } & Pick<ActivateRequest, 'revision' | 'alias'> {
  const [site = '', of = '', ...rest] = text.split('@');
  if (!new RegExp(NAME_PATTERN).test(site) || of === '' || rest.length > 0)
    throw new SkerryError('bad-config', `${JSON.stringify(text)} is not SITE@REVISION or SITE@ALIAS`);
  return /^[1-9][0-9]{0,14}$/.test(of) ? { site, revision: Number(of) } : { site, alias: of };
}
