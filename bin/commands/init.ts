import { writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { SkerryError, systemCode } from '../../shared/errors.ts';
import { NAME_PATTERN } from '../../shared/site/name-pattern.ts';
import { DEFAULT_FILE } from '../options/config-file.ts';
import { siteName } from '../options/options.ts';
import { printLine } from '../terminal/output.ts';

export function initCommand(): Command {
  return new Command('init')
    .description(`write a small ${DEFAULT_FILE} for a site into this folder`)
    .argument('[site]', 'the site (default: the name of this folder)', siteName)
    .addOption(new Option('--origin <url>', 'the origin to publish to'))
    .action(async (named: string | undefined, { origin }: { readonly origin?: string }) => {
      const site = named ?? nameOfFolder();
      await writeNew(settings(site, origin));
      printLine(`${DEFAULT_FILE} names the site ${site}; publish it with \`skerry publish DIR\``);
    });
}

function nameOfFolder(): string {
  const name = basename(resolve('.'));
  if (new RegExp(NAME_PATTERN).test(name)) return name;
  throw new SkerryError(
    'bad-config',
    `${JSON.stringify(name)} cannot be the name of a site; name one, such as \`skerry init docs\``,
  );
}

function settings(site: string, origin: string | undefined): string {
  return `# Defaults for skerry in this folder. Each key is a flag without its dashes.
# Flags and SKERRY_* variables override them. All flags: skerry help publish

# The site to which publish and watch publish.
site: ${site}

# The origin. Keep the token out of this file: put it into SKERRY_TOKEN.
${origin === undefined ? '# origin: https://origin.example:7400' : `origin: ${JSON.stringify(origin)}`}

# Settings of one command are below its name.
# publish:
#   mode: sync
#   wait: true
`;
}

async function writeNew(text: string): Promise<void> {
  try {
    await writeFile(DEFAULT_FILE, text, { flag: 'wx' });
  } catch (cause) {
    const reason =
      systemCode(cause) === 'EEXIST'
        ? 'exists, and was left as it is'
        : `cannot be written (${systemCode(cause)})`;
    throw new SkerryError('bad-config', `${DEFAULT_FILE} ${reason}`, { cause });
  }
}
