import { Command } from 'commander';
import { duration, option } from '../options/options.ts';
import { printLine } from '../terminal/output.ts';
import type { SignFlags } from './sign-url.ts';

const HOUR = 3600;

/** Signing needs no origin, only the key. */
export function signCommand(): Command {
  return new Command('sign')
    .description('print a URL that lets its holder read private content')
    .argument('[url]', 'the URL of a published file')
    .addOption(option('--key <file>', 'the private key'))
    .addOption(
      option(
        '--new-key <file>',
        'write a new private key to this file, and print the public key for the site',
      ),
    )
    .addOption(
      option('--expires <time>', 'how long the URL is valid, such as 15m or 7d')
        .argParser(duration)
        .default(HOUR, '1h'),
    )
    .addOption(
      option(
        '--prefix <path>',
        'make the URL valid for everything below this path, which must end in a slash',
      ),
    )
    .addOption(option('--client <address>', 'let only this IP address use the URL'))
    .action(async (url: string | undefined, flags: SignFlags) => {
      const { signUrl } = await import('./sign-url.ts');
      printLine(await signUrl(url, flags));
    });
}
