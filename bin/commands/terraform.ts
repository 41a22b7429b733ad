import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { SkerryError } from '../../shared/errors.ts';
import { packageRoot } from '../../shared/package-root.ts';
import { option } from '../options/options.ts';
import { printLine } from '../terminal/output.ts';
import { PROVIDER_FILE, placeInMirror } from '../terraform/provider-file.ts';

export function terraformCommand(): Command {
  return new Command('terraform').description('install the provider for Terraform').addCommand(
    new Command('install')
      .description('install the provider where `terraform init` finds it')
      .addOption(
        option(
          '--into <dir>',
          'the folder of a Terraform filesystem mirror (default: ~/.terraform.d/plugins)',
        ),
      )
      .action(async ({ into }: { readonly into?: string }) => {
        // This is evaluated only here, so that all other commands work for a user without a home folder.
        const place = placeInMirror(resolve(into ?? join(homedir(), '.terraform.d', 'plugins')));
        await mkdir(dirname(place), { recursive: true });
        await writeFile(place, await providerText());
        await chmod(place, 0o755);
        printLine(`installed ${place}`);
      }),
  );
}

/**
 * The text of the provider. It starts with the Node that runs this command or, in a release, through the script that
 * starts the release's Node.
 */
async function providerText(): Promise<string> {
  const places = ['', 'dist/'].map((folder) => fileURLToPath(new URL(folder + PROVIDER_FILE, packageRoot)));
  const built = places.find((place) => existsSync(place));
  if (built === undefined)
    throw new SkerryError(
      'not-found',
      `there is no ${PROVIDER_FILE} here; in a checkout, \`npm run build\` makes it`,
    );
  const node = process.env.SKERRY_NODE ?? process.execPath;
  return (await readFile(built, 'utf8')).replace('SKERRY_NODE:-node}', `SKERRY_NODE:-${node}}`);
}
