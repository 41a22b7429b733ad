import t from 'tap';
import type { Event, EventPage } from '../../../shared/wire/event.ts';
import { openStream } from '../../helpers/event-stream.ts';
import { ask } from '../../helpers/http.ts';
import { loneOrigin } from '../../helpers/lone-origin.ts';
import { until } from '../../helpers/until.ts';

const origin = await loneOrigin(t);
const { url, client } = origin;

const asked = async (path: string, token = origin.token) => {
  const answer = await ask(url, path, { headers: { authorization: `Bearer ${token}` } });
  return { status: answer.status, body: JSON.parse(answer.body.toString()) as EventPage };
};
const page = async (path: string, token?: string) => (await asked(path, token)).body;
const kinds = (events: readonly Event[]) => events.map(({ kind }) => kind);
/** Waits until the newest event is of this kind. Events are stored soon after what they tell of is answered. */
const stored = (kind: string) =>
  until(`the event ${kind}`, async () => {
    const { events } = await page('/v1/events?limit=1');
    return events[0]?.kind === kind && events[0];
  });
const newToken = async (scope: string) => client.createToken({ scope });

t.test('each act is an event that names who did it', async (t) => {
  await client.putSite('docs');
  await origin.put('docs', 'a.txt', 'one');
  await client.purge('docs', { paths: ['/a.txt'] });
  const made = await newToken('publish:docs');
  await client.revokeToken(made.id);
  await stored('token-revoke');
  const { events, more } = await page('/v1/audit');
  t.strictSame(kinds(events), ['token-revoke', 'token-create', 'purge', 'file-put', 'site-set']);
  t.equal(more, false);
  const admin = origin.token.slice(3, 15);
  for (const { cause } of events) t.match(cause, { token: admin, scope: 'admin', address: '127.0.0.1' });
  t.match(events[1], { what: { created: made.id, scope: 'publish:docs' } });
  t.match(events[2], { site: 'docs', what: { paths: ['/a.txt'] } });
  t.match(events[3], { site: 'docs', what: { path: 'a.txt', revision: 1 } });
  t.notMatch(JSON.stringify(events), made.token.slice(16), 'no secret is told');
});

t.test('pages, filters and refusals', async (t) => {
  const first = await page('/v1/events?after=0&limit=2');
  t.match(first, { more: true, next: first.events[1]?.id });
  const rest = await page(`/v1/events?after=${first.next}`);
  t.equal(rest.more, false);
  const all = [...first.events, ...rest.events];
  t.strictSame((await page('/v1/events')).events, all.toReversed());
  t.strictSame((await page(`/v1/events?before=${all[1]?.id}`)).events, [all[0]]);
  t.strictSame(kinds((await page('/v1/events?kind=purge')).events), ['purge']);
  t.strictSame(kinds((await page('/v1/events?after=0&site=docs')).events), ['site-set', 'file-put', 'purge']);
  t.strictSame((await page('/v1/events?edge=oslo')).events, []);
  for (const query of ['after=1&before=2', 'limit=0', 'limit=1001', 'after=x', 'site=..', 'kind=A'])
    t.equal((await asked(`/v1/events?${query}`)).status, 400, query);
});

t.test('who may read one site sees the events of this site, and not who caused them', async (t) => {
  await client.putSite('other');
  const one = await newToken('publish:docs,publish:gone');
  const reader = await newToken('read');
  await stored('token-create');
  const { events } = await page('/v1/events?after=0', one.token);
  t.strictSame(kinds(events), ['site-set', 'file-put', 'purge']);
  for (const { cause } of events) t.strictSame(cause, {});
  t.equal((await asked('/v1/events?site=other', one.token)).status, 403);
  t.equal((await asked('/v1/audit', one.token)).status, 403);
  t.equal((await asked('/v1/audit', reader.token)).status, 200);
  t.equal((await asked('/v1/events', (await newToken('domains:docs.example')).token)).status, 403);

  const stream = await openStream(t, url, '/v1/events?after=0', one.token);
  await client.putSite('other');
  await origin.put('docs', 'b.txt', 'two');
  const seen = await stream.comes(4);
  t.strictSame(kinds(seen), ['site-set', 'file-put', 'purge', 'file-put']);
  for (const { cause } of seen) t.strictSame(cause, {});
});

t.test('a stream continues after the last id that its client got', async (t) => {
  const first = await openStream(t, url, '/v1/events', origin.token);
  await client.putSite('docs');
  const [set] = await first.comes(1);
  t.match(first.text(), `id: ${set?.id}\n`);
  first.close();
  await client.purge('docs', { all: true });
  await stored('purge');
  const second = await openStream(t, url, '/v1/events?after=0', origin.token, {
    'last-event-id': `${set?.id}`,
  });
  await client.putSite('docs');
  t.strictSame(kinds(await second.comes(2)), ['purge', 'site-set']);
  const acts = await openStream(t, url, '/v1/audit?after=0&kind=purge', origin.token);
  t.strictSame(kinds(await acts.comes(2)), ['purge', 'purge']);
  const bad = await openStream(t, url, '/v1/events', origin.token, { 'last-event-id': 'x' });
  t.equal(bad.status, 400);
});

t.test('a stream ends when its token is revoked', async (t) => {
  const made = await newToken('read');
  const stream = await openStream(t, url, '/v1/events', made.token);
  await client.revokeToken(made.id);
  await until('the stream to end', stream.isOver);
  t.notMatch(stream.text(), '"kind":"token-revoke"', 'it is not told of its end');
});

t.test('one token leaves streams to others', async (t) => {
  const made = await newToken('read');
  const open = () => openStream(t, url, '/v1/events', made.token);
  const streams = await Promise.all(Array.from({ length: 20 }, open));
  t.ok(streams.every(({ status }) => status === 200));
  t.equal((await open()).status, 429);
  t.equal((await openStream(t, url, '/v1/events', origin.token)).status, 200);
  for (const stream of streams) stream.close();
  await until('a place', async () => (await open()).status === 200);
});

t.test('a HEAD request opens no stream', async (t) => {
  const headers = { authorization: `Bearer ${origin.token}`, accept: 'text/event-stream' };
  t.equal((await ask(url, '/v1/events', { method: 'HEAD', headers })).status, 200);
});

t.test('events outlive a restart, which ends the streams', async (t) => {
  const before = await page('/v1/events');
  const stream = await openStream(t, url, '/v1/events', origin.token);
  await origin.restart();
  await until('the stream to end', stream.isOver);
  t.strictSame(await page('/v1/events'), before);
});
