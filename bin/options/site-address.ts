import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from 'typebox';
import { schema } from '../../shared/json/schema.ts';
import type { Alias } from '../../shared/wire/alias-api.ts';
import type { Site } from '../../shared/wire/api.ts';

const EDGE_PORT = 7500;
/** The file that `skerry dev` writes to its data folder. It names its origin and the ports of its edges. */
const DEV_FILE = 'dev.json';
const devPlace = schema(Type.Object({ origin: Type.String(), edgePorts: Type.Array(Type.Integer()) }));

export async function rememberDev(data: string, origin: string, edgePorts: readonly number[]): Promise<void> {
  await writeFile(join(data, DEV_FILE), JSON.stringify({ origin, edgePorts }));
}

interface Place {
  readonly origin: string;
  readonly data: string;
}

/** The address at which readers find a site, as far as a client of the origin can know it. */
export function siteUrl({ name, domains }: Pick<Site, 'name' | 'domains'>, { origin, data }: Place): string {
  const domain = domains.find((pattern) => !pattern.startsWith('*.'));
  if (domain !== undefined) return `http://${domain}/`;
  return `http://${name}.localhost:${devPort(origin, data) ?? EDGE_PORT}/`;
}

/** The same, for people: says so if the port is a guess. */
export function siteAddress(site: Pick<Site, 'name' | 'domains'>, place: Place): string {
  const url = siteUrl(site, place);
  const isKnown = !new URL(url).hostname.endsWith('.localhost') || devPort(place.origin, place.data);
  return isKnown
    ? url
    : `${url} on the host of an edge, or on the port that the edge was given; see skerry sites set ${site.name} --domain`;
}

/** The address at which readers find an alias, as far as a client of the origin can know it. */
export function aliasAddress({ hosts }: Pick<Alias, 'hosts'>, { origin, data }: Place): string {
  const [host = ''] = hosts;
  return host.endsWith('.localhost')
    ? `http://${host}:${devPort(origin, data) ?? EDGE_PORT}/`
    : `http://${host}/`;
}

function devPort(origin: string, data: string): number | undefined {
  try {
    const place = devPlace.parseText(readFileSync(join(data, DEV_FILE), 'utf8'));
    return new URL(place.origin).origin === new URL(origin).origin ? place.edgePorts[0] : undefined;
  } catch {
    // `skerry dev` has not run with this data folder.
    return undefined;
  }
}
