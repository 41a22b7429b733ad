import { request } from 'node:http';
import type { Answer } from './http.ts';

/** Reads over a new connection, because the kernel spreads connections over the serving processes. */
export function readAlone(
  edge: string,
  site: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { headers: { host: `${site}.localhost`, ...headers }, agent: false };
    const sent = request(`${edge}/${path}`, options, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) }),
      );
    });
    sent.on('error', reject).end();
  });
}
