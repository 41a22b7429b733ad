import { isWildcard, withoutWildcard } from './domain-name.ts';

export interface SiteDomains {
  readonly name: string;
  readonly domains: readonly string[];
}

export interface Overlap {
  readonly domain: string;
  /** The domain of another site that covers some of the same names, and that site. */
  readonly other: string;
  readonly site: string;
}

/** The first of these domains that has a name in common with a domain of another site. */
export function overlapWith(domains: readonly string[], others: readonly SiteDomains[]): Overlap | undefined {
  const held = heldNames(others);
  for (const domain of domains) {
    const name = withoutWildcard(domain);
    const found =
      held.exact.get(domain) ??
      wildcardsAbove(name)
        .map((wildcard) => held.exact.get(wildcard))
        .find((other) => other !== undefined) ??
      (isWildcard(domain) ? held.below.get(name) : undefined);
    if (found !== undefined) return { domain, ...found };
  }
  return undefined;
}

type Held = Omit<Overlap, 'domain'>;

interface HeldNames {
  readonly exact: ReadonlyMap<string, Held>;
  /** For each name, a domain of another site that lies below the name. */
  readonly below: ReadonlyMap<string, Held>;
}

function heldNames(others: readonly SiteDomains[]): HeldNames {
  const exact = new Map<string, Held>();
  const below = new Map<string, Held>();
  for (const { name: site, domains } of others)
    for (const other of domains) {
      exact.set(other, { other, site });
      for (const parent of namesAbove(other)) below.set(parent, { other, site });
    }
  return { exact, below };
}

/** For `a.b.example`: `*.b.example` and `*.example`. */
export function wildcardsAbove(domain: string): string[] {
  return [...namesAbove(domain)].map((parent) => `*.${parent}`);
}

/** For `a.b.example` and for `*.b.example`: `b.example` and `example`. */
function* namesAbove(domain: string): Generator<string> {
  for (let dot = domain.indexOf('.'); dot !== -1; dot = domain.indexOf('.', dot + 1))
    yield domain.slice(dot + 1);
}
