import type { FastifyRequest } from 'fastify';
import type { Event } from '../../shared/wire/event.ts';
import { isAct } from '../../shared/wire/event-kinds.ts';
import { readRights, requirePermission } from '../access/permission.ts';
import type { EventFilter } from '../catalog/event-calls.ts';
import { scopesOf } from './authorize.ts';

/** The events that a caller asks to see. */
export interface AskedEvents extends Pick<EventFilter, 'acts' | 'edge'> {
  readonly kind?: string;
  readonly site?: string;
}

/** The events that a caller asks for and may see. */
export interface VisibleEvents {
  readonly filter: EventFilter;
  /** The part of the event that the caller may see, or undefined. */
  shown(event: Event): Event | undefined;
}

/**
 * A caller who may read only some sites sees only the events of those sites, and not who caused them, because scopes of
 * other tokens name other sites. Throws `forbidden`.
 */
export function visibleEvents(
  request: Pick<FastifyRequest, 'token'>,
  { site, kind, ...asked }: AskedEvents,
): VisibleEvents {
  const scopes = scopesOf(request);
  if (site !== undefined) requirePermission(scopes, { kind: 'read-site', site });
  const rights = readRights(scopes);
  const readable = rights === 'all' ? undefined : [...rights];
  const sites = site === undefined ? readable : [site];
  const filter = {
    ...asked,
    ...(kind !== undefined && { kinds: [kind] }),
    ...(sites !== undefined && { sites }),
  };
  return {
    filter,
    shown: (event) => {
      if (!passes(event, filter)) return undefined;
      return rights === 'all' || typeof event.cause === 'string' ? event : { ...event, cause: {} };
    },
  };
}

/** Filters an event by the same rules as the catalog filters its pages. */
function passes({ kind, site, edge }: Event, filter: EventFilter): boolean {
  if (filter.kinds !== undefined && !filter.kinds.includes(kind)) return false;
  if (filter.edge !== undefined && edge !== filter.edge) return false;
  if (filter.sites !== undefined && (site === undefined || !filter.sites.includes(site))) return false;
  return filter.acts !== true || isAct(kind);
}
