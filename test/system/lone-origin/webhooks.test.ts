import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { Webhook } from 'standardwebhooks';
import t, { type Test } from 'tap';
import { READY_POLICIES } from '../../../shared/site/ready-rollouts.ts';
import type { EventPage } from '../../../shared/wire/event.ts';
import { cli } from '../../helpers/cli.ts';
import { ask } from '../../helpers/http.ts';
import { type LoneOrigin, loneOrigin } from '../../helpers/lone-origin.ts';
import { until } from '../../helpers/until.ts';

interface Message {
  readonly body: string;
  readonly headers: Record<string, string>;
}

/** A receiver on this machine. `answer` says what it answers, or undefined to answer nothing. */
async function receiver(t: Test, answer: () => number | undefined) {
  const messages: Message[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request.setEncoding('utf8')) body += piece;
    const status = answer();
    if (status === undefined) return;
    messages.push({ body, headers: request.headers as Record<string, string> });
    response.writeHead(status).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?key=s3cret`, messages };
}

const types = (messages: readonly Message[]) => messages.map(({ body }) => JSON.parse(body).type);
const skerry = (origin: LoneOrigin, ...args: string[]) =>
  cli([...args, '--origin', origin.url, '--token', origin.token]);

t.test('a receiver gets signed events in their order, over restarts of both sides', async (t) => {
  const origin = await loneOrigin(t, { webhookAllowHttp: true, webhookAllowPrivate: true });
  let status = 200;
  const { url, messages } = await receiver(t, () => status);
  const dead = await receiver(t, () => undefined);
  t.equal((await skerry(origin, 'webhook', 'set', 'dead', '--url', dead.url)).code, 0);
  const made = await skerry(origin, 'webhook', 'set', 'hook', '--url', url, '--kind', 'file-put,purge');
  const secret = made.stdout.trim();
  t.match(secret, /^whsec_/);
  await origin.client.putSite('docs');
  await origin.put('docs', 'a.txt', 'one');
  await until('the first event', () => messages.length === 1);
  const [first] = messages;
  t.match(new Webhook(secret).verify(first?.body ?? '', first?.headers ?? {}), {
    type: 'file-put',
    timestamp: String,
    data: { kind: 'file-put', site: 'docs', what: { path: 'a.txt' }, cause: { scope: 'admin' } },
  });

  status = 503;
  await origin.client.purge('docs', { all: true });
  await until('a refusal', () => messages.length >= 2);
  await until('the fault', async () =>
    (await skerry(origin, 'webhook', 'list')).stdout.includes('it answered 503'),
  );
  await origin.restart();
  await origin.put('docs', 'b.txt', 'two');
  status = 200;
  await until('the rest', () => {
    origin.clock.advance(10_000);
    return types(messages).at(-1) === 'file-put' && messages.length > 2;
  });
  const taken = types(messages).filter((type, i, all) => type !== all[i - 1]);
  t.strictSame(taken, ['file-put', 'purge', 'file-put']);
  t.equal(
    new Set(messages.map(({ headers }) => headers['webhook-id'])).size,
    3,
    'a repeated event keeps its id',
  );

  const again = await skerry(origin, 'webhook', 'set', 'hook', '--url', url);
  t.strictSame([again.code, again.stdout], [0, ''], 'a secret is shown once');
  const listed = await skerry(origin, 'webhook', 'list', '--json');
  t.notMatch(listed.stdout, secret);
  const trail = await until('the trail', async () => {
    const answer = await ask(origin.url, '/v1/audit?kind=webhook-set', {
      headers: { authorization: `Bearer ${origin.token}` },
    });
    const { events } = JSON.parse(answer.body.toString()) as EventPage;
    return events.length === 3 && events;
  });
  t.match(trail[2], { what: { webhook: 'dead' } });
  t.notMatch(JSON.stringify(trail), /s3cret|whsec/, 'neither the secret nor the path is in the trail');
  t.equal((await skerry(origin, 'webhook', 'delete', 'dead')).code, 0);
  t.match((await skerry(origin, 'webhook', 'delete', 'dead')).stderr, /there is no webhook dead/);
});

t.test('a rollout asks only a webhook that exists, and not that of another site', async (t) => {
  const origin = await loneOrigin(t, { webhookAllowHttp: true, webhookAllowPrivate: true });
  const { url } = await receiver(t, () => 200);
  t.equal((await skerry(origin, 'webhook', 'set', 'gate', '--url', url, '--site', 'other')).code, 0);
  const asking = (webhook: string) => {
    const { steps, guards, without } = READY_POLICIES.canary;
    return { rollout: { steps, without, guards: { ...guards, webhook } } };
  };
  await origin.client.putSite('docs');
  const set = (site: string, webhook: string) => origin.client.putSite(site, { policy: asking(webhook) });
  await t.rejects(set('docs', 'nobody'), { code: 'bad-policy', message: /nobody, which does not exist/ });
  await t.rejects(set('docs', 'gate'), { code: 'bad-policy', message: /gate, which is of another site/ });
  await origin.put('docs', 'a.txt', 'one');
  const { id } = await origin.client.createDeploy('docs', Readable.from(['{"base":1}\n']));
  await t.rejects(origin.client.commit(id, asking('nobody')), { code: 'bad-policy' });
  await set('other', 'gate');
  t.equal((await skerry(origin, 'webhook', 'set', 'all', '--url', url)).code, 0);
  await set('docs', 'all');
});

t.test('what an origin refuses unless it is allowed', async (t) => {
  const origin = await loneOrigin(t);
  const { url, messages } = await receiver(t, () => 200);
  for (const refused of [
    url,
    url.replace('http:', 'https:'),
    'https://[::1]/',
    'https://10.0.0.1/',
    'nonsense',
  ]) {
    const { code, stderr } = await skerry(origin, 'webhook', 'set', 'hook', '--url', refused);
    t.equal(code, 1, refused);
    t.match(stderr, /https|not public/);
  }
  const kind = await skerry(
    origin,
    'webhook',
    'set',
    'hook',
    '--url',
    'https://example.com/',
    '--kind',
    'nope',
  );
  t.match(kind.stderr, /there is no kind of events nope/);
  const { token } = await origin.client.createToken({ scope: 'read' });
  t.match(
    (await cli(['webhook', 'list', '--origin', origin.url, '--token', token])).stderr,
    /does not cover/,
  );
  t.equal(messages.length, 0);
});
