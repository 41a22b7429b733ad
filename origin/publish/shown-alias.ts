import { type AliasedSite, aliasHosts } from '../../shared/site/alias.ts';
import type { Alias } from '../../shared/wire/alias-api.ts';
import type { AliasRow } from '../catalog/alias-calls.ts';

/** An alias in the form that the API shows. */
export function shownAlias(
  site: AliasedSite,
  { name, revision, seq, expires }: Omit<AliasRow, 'root'>,
): Alias {
  return { name, revision, seq, expires, hosts: aliasHosts(site, name) };
}
