import { isImmutableName } from '../../../shared/content/asset-name.ts';
import { tagsIn } from '../../../shared/site/purge.ts';
import { isRuleFile } from '../../../shared/site/rules/rule-lines.ts';
import type { SiteView } from '../../messages/views.ts';
import { isCompressible } from '../../variants/compressible.ts';
import type { Content } from '../bytes/content.ts';
import type { ServedSite } from './decide.ts';
import { revisionsFor } from './former-assets.ts';
import type { LogClock } from './log-clock.ts';
import { isPrivate, mayRead } from './private-content.ts';
import type { RulesInForce } from './rules-in-force.ts';

export interface SiteParts {
  readonly content: Pick<Content, 'entry' | 'entryAmong' | 'variants'>;
  readonly rules: Pick<RulesInForce, 'at'>;
  readonly time: Pick<LogClock, 'now'>;
}

/** A site, built from its view and the content on disk. Undefined if its rules cannot be read. */
export function servedSite(view: SiteView, { content, rules, time }: SiteParts): ServedSite | undefined {
  const { id, name, revision, prefixes, former } = view;
  const inForce = rules.at(id, revision);
  if (inForce === undefined) return undefined;
  return {
    name,
    revision,
    rules: inForce,
    lookup: (path) => content.entry(id, revision, path),
    holds: (path) => prefixes === null || prefixes.some((prefix) => path.startsWith(prefix)),
    isImmutable: isImmutableName,
    formerAsset(request) {
      if (request.kind !== 'file' || isRuleFile(request.path)) return undefined;
      const tags = () => tagsIn(inForce.headers(request.text).set);
      const revisions = revisionsFor(request.text, former, time.now(), tags);
      return revisions.length === 0 ? undefined : content.entryAmong(id, revisions, request.path);
    },
    variants: (entry) => (isCompressible(entry) ? content.variants(id, revision, entry) : []),
    isCompressible,
    isPrivate: (path) => isPrivate(path, view.private),
    mayRead: (path, request) => view.private === null || mayRead(path, request, view.private, time.now()),
  };
}
