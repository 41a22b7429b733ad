import { isImmutableName } from '../../shared/asset-name.ts';
import type { SiteView } from '../activate/messages.ts';
import type { Content } from './content.ts';
import type { ServedSite } from './decide.ts';
import type { RulesInForce } from './rules-in-force.ts';

/** A site as its view and what is on disk make it. */
export function servedSite(view: SiteView, content: Content, rules: RulesInForce): ServedSite {
  const { id, name, revision, prefixes } = view;
  return {
    name,
    revision,
    rules: rules.at(id, revision),
    lookup: (path) => content.entry(id, revision, path),
    holds: (path) => prefixes === null || prefixes.some((prefix) => path.startsWith(prefix)),
    isImmutable: isImmutableName,
    formerAsset: () => undefined,
    variants: () => [],
    isCompressible: () => false,
  };
}
