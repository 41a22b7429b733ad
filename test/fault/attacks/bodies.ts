import { once } from 'node:events';
import { connect } from 'node:net';
import type { Attack, Server } from './attack.ts';
import { answerOn, repeatedBody, sendRequest } from './request-bytes.ts';
import { SITE, serverOf, type Target } from './target.ts';

const BRACKETS = 8_000_000;
const HEADER_BRACKETS = 24_000_000;
const HELD = { bodies: 40, bytes: 12 * 1024 * 1024 };
/** After this time, a silent body has been ended, or counts as held. */
const HELD_MS = 45_000;

function reportOf(server: Server): Promise<string> {
  const { length, pieces } = repeatedBody('', '[', BRACKETS);
  const head = `POST /feed/v1/report HTTP/1.1\r\nHost: ${server.host}:${server.port}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n`;
  return sendRequest(server, { head, body: pieces });
}

function deployOf(server: Server, token: string, type: string): Promise<string> {
  const { length, pieces } = repeatedBody('{"base":', '[', HEADER_BRACKETS);
  const head = `POST /v1/sites/${SITE}/deploys HTTP/1.1\r\nHost: ${server.host}:${server.port}\r\nAuthorization: Bearer ${token}\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n`;
  return sendRequest(server, { head, body: pieces });
}

/** Sends almost complete bodies and then nothing. Resolves with how many of them the server has ended. */
async function heldBodies(server: Server, path: string, method = 'POST'): Promise<string> {
  const ends = Array.from({ length: HELD.bodies }, async () => {
    const socket = connect(server);
    const answer = answerOn(socket, HELD_MS);
    socket.write(
      `${method} ${path} HTTP/1.1\r\nHost: ${server.host}:${server.port}\r\nContent-Type: application/json\r\nContent-Length: ${HELD.bytes + 2}\r\n\r\n`,
    );
    for (const piece of repeatedBody('[', ' ', HELD.bytes).pieces) {
      if (socket.destroyed) break;
      if (!socket.write(piece)) await Promise.race([once(socket, 'drain').catch(() => {}), answer]);
    }
    return answer;
  });
  const counts = new Map<string, number>();
  for (const how of await Promise.all(ends)) counts.set(how, (counts.get(how) ?? 0) + 1);
  return [...counts].map(([how, count]) => `${count} × ${how}`).join(', ');
}

const stillHeld = (how: string) => (/\bsilent\b/.test(how) ? 'bodies stay open' : undefined);

export const bodies: readonly Attack[] = [
  {
    name: 'brackets as a report, to the origin',
    point: '1',
    run: async ({ origin }) => ({ refused: await reportOf(serverOf(origin.url)) }),
    bytes: reportOf,
  },
  {
    name: 'brackets as a report, to a parent',
    point: '1',
    run: async ({ parent }) => ({ refused: await reportOf(serverOf(parent.feedUrl)) }),
    bytes: reportOf,
  },
  ...['application/json', 'application/x-ndjson'].map((type) => ({
    name: `brackets as the header of a deploy, ${type}`,
    point: '5',
    run: async ({ origin, publishToken }: Target) => ({
      refused: await deployOf(serverOf(origin.url), publishToken, type),
    }),
    bytes: (server: Server) => deployOf(server, 'sk_none', type),
  })),
  {
    name: 'bodies that stand still, to the origin',
    point: '11',
    run: async ({ origin }) => {
      const refused = await heldBodies(serverOf(origin.url), '/feed/v1/report');
      return { refused, gained: stillHeld(refused) };
    },
    bytes: (server) => heldBodies(server, '/feed/v1/report'),
  },
  {
    name: 'bodies that stand still, to a parent',
    point: '11',
    run: async ({ parent }) => {
      const refused = await heldBodies(serverOf(parent.feedUrl), '/feed/v1/report');
      return { refused, gained: stillHeld(refused) };
    },
    bytes: (server) => heldBodies(server, '/feed/v1/report'),
  },
];
