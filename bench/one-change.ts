import type { Cluster } from '../test/helpers/cluster.ts';
import { ask, read, urlPath } from '../test/helpers/http.ts';
import type { ProxiedEdge } from './proxied-edge.ts';

export interface Round {
  readonly bytes: number;
  readonly ms: number;
}

const VISIBLE_MS = 60_000;

/**
 * Changes one file of a site with the API and requests the file from the edge again and again. The time is from sending
 * the change to the first response that has it. The bytes are those on the edge's wire until the edge's receipt has
 * arrived.
 */
export async function changeOne(
  { origin, token }: Cluster,
  edge: ProxiedEdge,
  site: string,
  path: string,
  content: string,
): Promise<Round> {
  const held = edge.proxy.bytes;
  const sent = performance.now();
  const put = ask(origin.url, `/v1/sites/${site}/files${urlPath(path)}`, {
    method: 'PUT',
    body: content,
    headers: { authorization: `Bearer ${token}`, 'content-length': String(Buffer.byteLength(content)) },
  });
  const seen = visible(edge, site, path, content, sent);
  const [{ status, body }, ms] = await Promise.all([put, seen]);
  if (status !== 200) throw new Error(`the change of ${path} was refused (${status}): ${body}`);
  const { revision } = JSON.parse(body.toString()) as { revision: number };
  await edge.settled(site, revision);
  return { bytes: edge.proxy.bytes - held, ms };
}

async function visible(edge: ProxiedEdge, site: string, path: string, content: string, sent: number) {
  while (true) {
    const { body } = await read(edge.url, site, path);
    const ms = performance.now() - sent;
    if (body.equals(Buffer.from(content))) return ms;
    if (ms > VISIBLE_MS) throw new Error(`the change of ${site}/${path} is not visible after ${ms} ms`);
  }
}
