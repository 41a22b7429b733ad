import { createHash } from 'node:crypto';
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { request as requestSecurely, Agent as SecureAgent } from 'node:https';

const KEPT = { keepAlive: true, maxSockets: 16 };
const shared = new Agent(KEPT);
/** Over TLS, the helper accepts any certificate. */
const sharedSecurely = new SecureAgent({ ...KEPT, rejectUnauthorized: false });

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
  /** The agent to use instead of the shared one, so that other requests do not wait for its connections. */
  readonly agent?: Agent;
}

/** Sends a request. The path is sent as it is, without any normalisation. */
export function ask(base: string, path: string, { method = 'GET', headers, body, agent }: Asked = {}) {
  const { hostname, port, protocol } = new URL(base);
  const isSecure = protocol === 'https:';
  return new Promise<Answer>((resolve, reject) => {
    const options = { hostname, port, path, method, headers: headers ?? {} };
    const take = (response: IncomingMessage) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
      );
    };
    const sent = isSecure
      ? requestSecurely({ ...options, agent: agent ?? sharedSecurely }, take)
      : request({ ...options, agent: agent ?? shared }, take);
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Reads a path of a site from an edge, which chooses the site by `Host`. */
export function read(edge: string, site: string, path: string, asked: Asked = {}): Promise<Answer> {
  return ask(edge, urlPath(path), { ...asked, headers: { host: `${site}.localhost`, ...asked.headers } });
}

/** A published path in the form in which a reader's browser sends it. */
export function urlPath(path: string): string {
  return `/${path.split('/').map(encodeURIComponent).join('/')}`;
}

export function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
