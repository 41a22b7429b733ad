import type { Command } from 'commander';
import { SkerryError } from '../../shared/errors.ts';
import { type ClientOptions, readingCommand, withClient } from '../options/client-command.ts';
import { siteName } from '../options/options.ts';
import { openInBrowser } from '../terminal/browser.ts';
import { printJson, printLine } from '../terminal/output.ts';
import { aliasName } from './aliases.ts';

export function openCommand(): Command {
  return readingCommand('open', 'print the address of a site or an alias, and open it in the browser')
    .argument('<site[@alias]>', 'the site, or one of its aliases, for example blog@pr-12', siteAndAlias)
    .action(({ site, alias }: SiteAndAlias, flags: ClientOptions & { readonly json?: boolean }) =>
      withClient(flags, async (client) => {
        const { aliasAddress, siteUrl, siteAddress } = await import('../options/site-address.ts');
        let url: string;
        let shown: string;
        if (alias === undefined) {
          const found = await client.site(site);
          url = siteUrl(found, flags);
          shown = siteAddress(found, flags);
        } else {
          const { aliasOf } = await import('../../origin/client/alias-calls.ts');
          url = aliasAddress(await aliasOf(client, site, alias), flags);
          shown = url;
        }
        if (flags.json) {
          printJson({ url });
          return;
        }
        printLine(shown);
        await openInBrowser(url);
      }),
    );
}

interface SiteAndAlias {
  readonly site: string;
  readonly alias?: string;
}

function siteAndAlias(text: string): SiteAndAlias {
  const [site = '', alias, ...rest] = text.split('@');
  if (rest.length > 0)
    throw new SkerryError('bad-config', `${JSON.stringify(text)} is not SITE or SITE@ALIAS`);
  return { site: siteName(site), ...(alias !== undefined && { alias: aliasName(alias) }) };
}
