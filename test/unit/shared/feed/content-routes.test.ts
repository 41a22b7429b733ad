import { pino } from 'pino';
import t from 'tap';
import { systemClock } from '../../../../shared/clock.ts';
import type { Asked, Load } from '../../../../shared/delta/encodings.ts';
import { feedRoutes } from '../../../../shared/feed/feed-routes.ts';
import type { FeedSource } from '../../../../shared/feed/feed-source.ts';
import { httpServer } from '../../../../shared/http/http-server.ts';
import { generateSigningKey } from '../../../../shared/signing/keys.ts';
import { receiverText, requestProof } from '../../../../shared/wire/request-proof.ts';

const LOG = '1'.repeat(32);
const key = generateSigningKey();

/** A feed that holds revisions 1 and 2, until `during` tells that 2 is given up while its rows are read. */
function feed(during: 'nothing' | 'reads') {
  const app = httpServer(pino({ level: 'silent' }));
  const members = {
    keyOf: () => key.publicKey,
    formerKeyOf: () => undefined,
    revocationOf: () => undefined,
    proven: () => {},
    mayRead: () => null,
  };
  let isGivenUp = false;
  const read = async <T>(rows: T) => {
    isGivenUp = during === 'reads';
    return rows;
  };
  const manifests = {
    diffPage: () => read({ changes: [], next: undefined }),
    nodesAt: () => read([]),
    leavesAt: () => read([]),
    leafEntries: () => read([]),
  };
  const kept: string[] = [];
  const encodings = {
    async encode(_asked: Asked, load: Load) {
      const { content } = await load(new Set());
      kept.push(content.toString());
      return { coding: 'identity', bytes: content };
    },
  };
  const source = {
    ...{ log: LOG, clock: systemClock, members, manifests, encodings, path: () => [], uploads: undefined },
    changed: { wait: async () => {} },
    holds: async (_site: number, revision: number) => (revision === 2 && isGivenUp ? 'absent' : 'held'),
  };
  feedRoutes(app, source as unknown as FeedSource, new AbortController().signal);
  return { app, kept };
}

async function ask({ app }: ReturnType<typeof feed>, url: string, body?: object, coding = 'identity') {
  const { nonce } = (await app.inject('/feed/v1/hello')).json() as { nonce: string };
  const method = body === undefined ? 'GET' : 'POST';
  const payload = body && JSON.stringify(body);
  const to = receiverText(LOG, null);
  const proof = requestProof({ name: 'oslo', key }, { method, target: url, to, nonce, body: payload });
  const headers = {
    ...proof,
    'accept-encoding': coding,
    ...(payload && { 'content-type': 'application/json' }),
  };
  return app.inject({ method, url, headers, ...(payload && { payload }) });
}

const DIFF = '/feed/v1/sites/1/diff?from=1&to=2';
const REVISION = '/feed/v1/sites/1/revisions/2';

t.test('rows of a revision that is given up while they are read are not sent as the whole', async (t) => {
  const requests: [string, object | undefined, string][] = [
    [DIFF, undefined, 'zstd'],
    [`${REVISION}/nodes`, undefined, 'identity'],
    [`${REVISION}/leaves`, { nodes: [1] }, 'identity'],
  ];
  for (const [url, body, coding] of requests) {
    t.equal((await ask(feed('nothing'), url, body, coding)).statusCode, 200, url);
    const gone = feed('reads');
    const answer = await ask(gone, url, body, coding);
    t.equal(answer.statusCode, 410, `${url}: no longer held`);
    t.equal(answer.json().code, 'no-longer-held');
    t.strictSame(gone.kept, [], 'and no encoding of it is kept for others');
  }
});

t.test('an answer that has begun is cut off', async (t) => {
  const requests: [string, object | undefined][] = [
    [DIFF, undefined],
    [`${REVISION}/entries`, { leaves: [1] }],
  ];
  for (const [url, body] of requests) {
    t.match((await ask(feed('nothing'), url, body)).payload, '"end"', `${url}: it has an end`);
    await t.rejects(ask(feed('reads'), url, body), `${url}: it has none`);
  }
});
