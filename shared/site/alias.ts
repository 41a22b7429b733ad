import { Type } from 'typebox';
import { ALIAS_PATTERN } from './alias-pattern.ts';
import type { SitePolicy } from './site-policy.ts';

export const aliasNameSchema = Type.String({
  pattern: ALIAS_PATTERN,
  maxLength: 40,
  description: '3 to 40 characters of a-z, 0-9 and single hyphens.',
});

const SECONDS_PER_DAY = 86_400;

/** How long an alias answers, in seconds. */
export const ALIAS_LIFE = { usual: 30 * SECONDS_PER_DAY, most: 366 * SECONDS_PER_DAY } as const;

/** The aliases that one site may have at a time. A checkpoint carries them all. */
export const MOST_ALIASES = 100;

/** The alias of a draft that was published without a name. */
export const draftAlias = (revision: number): string => `rev-${revision}`;

/** The settings of a site that decide under which hosts its aliases answer. */
export interface AliasedSite {
  readonly name: string;
  readonly domains: readonly string[];
  readonly policy: Pick<SitePolicy, 'previews'>;
}

/**
 * What follows the name of an alias in its hosts. A host that ends so belongs to an alias, also when no alias has its
 * name.
 */
export function aliasSuffixes({ name, domains, policy }: AliasedSite): string[] {
  const { domain, under } = policy.previews;
  return [
    ...(domain === null ? [] : [`.${domain}`]),
    ...under.filter((one) => domains.includes(one)).map((one) => `--${one}`),
    `--${name}.localhost`,
  ];
}

/** The hosts under which an alias answers. The best one for people comes first. */
export function aliasHosts(site: AliasedSite, alias: string): string[] {
  return aliasSuffixes(site).map((suffix) => alias + suffix);
}
