import { SkerryError } from '../../shared/errors.ts';
import { coversAlias, type PublishRights } from './permission.ts';

/** What a commit would make. `alias` is undefined for what becomes live, and null for a draft without a name. */
export interface WantedCommit {
  readonly site: string;
  readonly alias: string | null | undefined;
}

/**
 * The folders outside of which a commit may change nothing. Undefined for no such limit. Throws `forbidden`. Whoever may
 * publish under some aliases may make whole drafts there. Whoever may change some folders may not make drafts.
 */
export function commitLimits(
  rights: PublishRights,
  { site, alias }: WantedCommit,
): readonly string[] | undefined {
  if (rights.isWhole) return undefined;
  if (typeof alias === 'string' && coversAlias(rights, alias)) return undefined;
  if (alias === undefined && rights.folders.length > 0) return rights.folders;
  const aliases = rights.aliases.map((pattern) => `drafts at ${pattern}`);
  const folders = rights.folders.map((folder) => `changes in ${folder}`);
  throw new SkerryError(
    'forbidden',
    `the token may publish to ${site} only ${[...aliases, ...folders].join(', ')}; this needs publish:${site}`,
  );
}
