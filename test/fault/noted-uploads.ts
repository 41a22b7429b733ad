import { once } from 'node:events';
import { request as ask, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { objectsOfBundle } from '../../shared/wire/object-bundle.ts';
import { sha256 } from '../helpers/http.ts';

/** What all attempts of a publish have sent so far, as the origin's answers tell it. */
export class NotedUploads {
  readonly faults: string[] = [];
  /** How many bytes of an incomplete object the origin had when a publish was broken off, at least. */
  readonly held = new Map<string, number>();
  readonly #acknowledged = new Set<string>();
  bytes = 0;

  begins(digest: string, offset: number): void {
    if (this.#acknowledged.has(digest)) this.faults.push(`${digest} was acknowledged, and is sent again`);
    const held = this.held.get(digest) ?? 0;
    if (offset < held)
      this.faults.push(`${digest} goes on at ${offset}, although the origin had ${held} of its bytes`);
  }

  acknowledged(digests: Iterable<string>): void {
    for (const digest of digests) this.#acknowledged.add(digest);
  }
}

/** Passes requests on to the origin, and notes which objects they send and which of them it acknowledges. */
export async function startNotingProxy(origin: string, notes: NotedUploads) {
  const server = createServer((request, response) => pass(origin, notes, request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    host: '127.0.0.1',
    port: address.port,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function pass(origin: string, notes: NotedUploads, request: IncomingMessage, response: ServerResponse): void {
  const { method, url = '/', headers } = request;
  const onward = ask(new URL(url, origin), { method, headers });
  const sent = sentObjects(notes, request);
  const fail = () => {
    onward.destroy();
    response.destroy();
  };
  onward.on('response', async (answer) => {
    const isTaken = answer.statusCode !== undefined && answer.statusCode < 300;
    if (isTaken) notes.acknowledged(await sent);
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    pipeline(answer, response).catch(fail);
  });
  onward.on('error', fail);
  pipeline(request, onward).catch(fail);
}

const OBJECT = /\/objects\/([0-9a-f]{64})$/;

/** Notes each object of a request as it is sent. Resolves with the digests of all when the body has ended. */
async function sentObjects(notes: NotedUploads, request: IncomingMessage): Promise<string[]> {
  const { method, url = '', headers } = request;
  const [, digest] = OBJECT.exec(url) ?? [];
  if (digest !== undefined && (method === 'PUT' || method === 'PATCH')) {
    notes.begins(digest, Number(headers['upload-offset'] ?? 0));
    request.on('data', (piece: Buffer) => {
      notes.bytes += piece.length;
    });
    return [digest];
  }
  return method === 'POST' && url.endsWith('/objects') ? objectsSent(notes, request) : [];
}

async function objectsSent(notes: NotedUploads, request: Readable): Promise<string[]> {
  const digests: string[] = [];
  const body = request.pipe(new PassThrough()).pipe(createZstdDecompress());
  request.on('error', () => body.destroy());
  try {
    for await (const objects of objectsOfBundle(body))
      for (const bytes of objects) {
        const digest = sha256(bytes);
        notes.begins(digest, 0);
        notes.bytes += bytes.length;
        digests.push(digest);
      }
  } catch {
    // A body that was broken off is not acknowledged.
  }
  return digests;
}
