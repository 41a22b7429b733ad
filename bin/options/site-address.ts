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

/** The address at which readers find a site, as far as a client of the origin can know it. */
export function siteAddress(
  { name, domains }: Pick<Site, 'name' | 'domains'>,
  { origin, data }: { readonly origin: string; readonly data: string },
): string {
  const domain = domains.find((pattern) => !pattern.startsWith('*.'));
  if (domain !== undefined) return `http://${domain}/`;
  const port = devPort(origin, data);
  const local = `http://${name}.localhost:${port ?? EDGE_PORT}/`;
  return port === undefined
    ? `${local} on the host of an edge, or on the port that the edge was given; see skerry sites set ${name} --domain`
    : local;
}

/** The address at which readers find an alias, as far as a client of the origin can know it. */
export function aliasAddress(
  { hosts }: Pick<Alias, 'hosts'>,
  { origin, data }: { readonly origin: string; readonly data: string },
): string {
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
