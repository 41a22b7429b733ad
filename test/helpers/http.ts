import { createHash } from 'node:crypto';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';

const shared = new Agent({ keepAlive: true, maxSockets: 16 });

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
  /** Of one whose connections others do not wait for. */
  readonly agent?: Agent;
}

/** The path is sent as it is: nothing normalises it on the way. */
export function ask(
  base: string,
  path: string,
  { method = 'GET', headers, body, agent = shared }: Asked = {},
) {
  const { hostname, port } = new URL(base);
  return new Promise<Answer>((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers: headers ?? {}, agent }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** A site of an edge, chosen by `Host`. */
export function read(edge: string, site: string, path: string, asked: Asked = {}): Promise<Answer> {
  return ask(edge, urlPath(path), { ...asked, headers: { host: `${site}.localhost`, ...asked.headers } });
}

/** A published path as a reader's browser sends it. */
export function urlPath(path: string): string {
  return `/${path.split('/').map(encodeURIComponent).join('/')}`;
}

export function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
