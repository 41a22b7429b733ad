import type { FastifyRequest } from 'fastify';
import type { EdgeStatus } from '../../shared/wire/api.ts';
import { readRights } from '../access/permission.ts';
import { scopesOf } from './authorize.ts';

/** Reduces a list about all sites to the part that the caller may see. */
export interface ReadableSites {
  site(name: string): boolean;
  edge(status: EdgeStatus): EdgeStatus;
}

export function readableBy(request: Pick<FastifyRequest, 'token'>): ReadableSites {
  const rights = readRights(scopesOf(request));
  if (rights === 'all') return { site: () => true, edge: (status) => status };
  const site = (name: string) => rights.has(name);
  return { site, edge: (status) => edgeWith(status, site) };
}

/** Removes from the status everything that names, or may name, a site that the caller may not read. */
function edgeWith(status: EdgeStatus, site: (name: string) => boolean): EdgeStatus {
  const { sites, mayRead, limits, health } = status;
  return {
    ...status,
    faults: [],
    // A reason may name another site, and the totals count all sites.
    health: { ...health, trouble: null, reason: null },
    use: null,
    mayRead: mayRead?.filter(site) ?? null,
    limits: { ...limits, sites: limits.sites?.filter(site) ?? null },
    sites: Object.fromEntries(Object.entries(sites).filter(([name]) => site(name))),
  };
}
