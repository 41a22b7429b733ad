import { pino } from 'pino';
import t from 'tap';
import { systemClock } from '../../../../shared/clock.ts';
import { type Digest, digestOf } from '../../../../shared/content/digest.ts';
import { SkerryError } from '../../../../shared/errors.ts';
import { feedRoutes } from '../../../../shared/feed/feed-routes.ts';
import type { FeedSource } from '../../../../shared/feed/feed-source.ts';
import { httpServer } from '../../../../shared/http/http-server.ts';
import { generateSigningKey } from '../../../../shared/signing/keys.ts';
import { receiverText, requestProof } from '../../../../shared/wire/request-proof.ts';

const LOG = '1'.repeat(32);
const key = generateSigningKey();

function feed(uploads: FeedSource['uploads']) {
  const app = httpServer(pino({ level: 'silent' }));
  const members = {
    keyOf: () => key.publicKey,
    formerKeyOf: () => undefined,
    revocationOf: () => undefined,
    proven: () => {},
  };
  const source = { log: LOG, clock: systemClock, members, path: () => [], uploads };
  feedRoutes(app, source as unknown as FeedSource, new AbortController().signal);
  return app;
}

async function put(app: ReturnType<typeof feed>, digest: Digest, bytes: string, proven: Digest = digest) {
  const { nonce } = (await app.inject('/feed/v1/hello')).json() as { nonce: string };
  const target = `/feed/v1/objects/${digest}`;
  const to = receiverText(LOG, null);
  const proof = requestProof({ name: 'oslo', key }, { method: 'PUT', target, to, nonce, bodyDigest: proven });
  const headers = { ...proof, 'content-type': 'application/octet-stream' };
  return app.inject({ method: 'PUT', url: target, headers, payload: bytes });
}

t.test('an object comes in when its member is known and was asked for it', async (t) => {
  const taken: string[] = [];
  const app = feed({
    async admit(member, digest, length) {
      if (digest !== digestOf('wanted')) throw new SkerryError('forbidden', 'nobody asked');
      return {
        async take(body) {
          let text = '';
          for await (const piece of body) text += String(piece);
          taken.push(`${member} ${length} ${text}`);
        },
        end: () => void taken.push('end'),
      };
    },
  });
  t.equal((await put(app, digestOf('wanted'), 'wanted')).statusCode, 204);
  t.strictSame(taken, ['oslo 6 wanted', 'end']);
  t.equal((await put(app, digestOf('other'), 'other')).statusCode, 403);
  const unproven = await put(app, digestOf('wanted'), 'wanted', digestOf('another'));
  t.equal(unproven.statusCode, 400, 'the proof covers the object');
  const target = `/feed/v1/objects/${digestOf('wanted')}`;
  t.equal((await app.inject({ method: 'PUT', url: target, payload: 'wanted' })).statusCode, 401);
  t.equal(taken.length, 2);
});

t.test('a parent takes no objects', async (t) => {
  t.equal((await put(feed(undefined), digestOf('wanted'), 'wanted')).statusCode, 404);
});
