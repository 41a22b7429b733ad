import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SkerryError, toSkerryError } from '../../shared/errors.ts';
import { type ListenAddress, listen } from '../../shared/http/listen.ts';
import { cameThroughProxy, requireLocalHost } from '../../shared/http/local-request.ts';
import { PROBLEM_TYPE, toProblem } from '../../shared/wire/problem.ts';

const HOST = '127.0.0.1';
const PATH = '/status';
/** Each tab that shows the example has one connection. */
const MOST_CONNECTIONS = 64;
const LIMITS = {
  headersTimeout: 5000,
  requestTimeout: 5000,
  keepAliveTimeout: 10_000,
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 8 * 1024,
};

export interface StatusServerParts {
  readonly port: number;
  /** The origins (scheme, host and port) of the pages that may read the answer. */
  readonly pages: ReadonlySet<string>;
  readonly status: () => Promise<object>;
}

export interface StatusServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Answers `GET /status` on loopback, for programs on this machine and for the pages of the example. Throws
 * `port-in-use` if another process listens on the port.
 */
export async function serveStatus({ port, pages, status }: StatusServerParts): Promise<StatusServer> {
  const server = createServer(LIMITS, (request, response) => void answer(request, response));
  server.maxConnections = MOST_CONNECTIONS;
  const address = { host: HOST, port };
  await listen({ listen: (at) => listening(server, at) }, address);
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}${PATH}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { origin } = request.headers;
    response.setHeader('cache-control', 'no-store');
    response.setHeader('vary', 'origin');
    response.setHeader('x-content-type-options', 'nosniff');
    if (origin !== undefined && pages.has(origin)) response.setHeader('access-control-allow-origin', origin);
    try {
      refuseStrangers(request);
      send(response, 200, 'application/json', await status());
    } catch (error) {
      const problem = toProblem(toSkerryError(error));
      send(response, problem.status, PROBLEM_TYPE, problem);
    }
  }
}

function refuseStrangers({ headers, method, url }: IncomingMessage): void {
  requireLocalHost(headers);
  if (cameThroughProxy(headers))
    throw new SkerryError(
      'through-proxy',
      'the status of the example does not answer requests that come through a proxy',
    );
  if (method !== 'GET' || url !== PATH) throw new SkerryError('not-found', `there is no ${method} ${url}`);
}

function send(response: ServerResponse, status: number, type: string, body: object): void {
  // If the body of the request is not complete, the connection ends after the response.
  if (!response.req.complete) response.setHeader('connection', 'close');
  response.writeHead(status, { 'content-type': type });
  response.end(JSON.stringify(body));
}

async function listening(server: ReturnType<typeof createServer>, address: ListenAddress): Promise<string> {
  server.listen(address);
  await once(server, 'listening');
  return `http://${address.host}:${address.port}`;
}
