import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generateSigningKey, signText } from '../../../shared/signing/keys.ts';
import { askAs, helloOf, type Member, provenHeaders } from '../../helpers/as-member.ts';
import { type Answer, ask } from '../../helpers/http.ts';

/** A request as it was sent on the wire. */
export interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface Receiver {
  readonly what: string;
  readonly url: string;
}

export interface Thief {
  readonly url: string;
  readonly requests: readonly Recorded[];
  /** The bodies of the answers. */
  readonly answers: readonly string[];
  close(): Promise<void>;
}

type Answering = (recorded: Recorded) => Promise<Pick<Answer, 'status' | 'body'>>;

const KEPT = /^(content-type|content-digest|skerry-to|signature|signature-input|range|accept-encoding)$/;

/** Records every request, and answers as `answering` says. */
async function startThief(answering: Answering): Promise<Thief> {
  const requests: Recorded[] = [];
  const answers: string[] = [];
  const server = createServer((asked: IncomingMessage, reply: ServerResponse) => {
    (async () => {
      const parts: Buffer[] = [];
      for await (const part of asked) parts.push(part as Buffer);
      const headers = Object.entries(asked.headers).filter(([name]) => KEPT.test(name));
      const recorded: Recorded = {
        method: asked.method ?? '',
        path: asked.url ?? '',
        headers: Object.fromEntries(headers) as Record<string, string>,
        body: Buffer.concat(parts).toString(),
      };
      requests.push(recorded);
      const { status, body } = await answering(recorded);
      answers.push(body.toString());
      reply.writeHead(status, { 'content-type': 'application/json' }).end(body);
    })().catch(() => reply.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answers,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A parent that claims to be `edge` (null: the origin) and gives out the nonces of `victim`. */
export function startFakeParent(edge: string | null, victim: string): Promise<Thief> {
  return startThief(async ({ path }) =>
    path === '/feed/v1/hello'
      ? { status: 200, body: Buffer.from(JSON.stringify({ edge, nonce: (await helloOf(victim)).nonce })) }
      : { status: 503, body: Buffer.from('{}') },
  );
}

/** Sits on the wire between an edge and `target`. Passes everything on, and may change it on the way. */
export function startListener(
  target: string,
  change: {
    request?: (path: string, body: string) => string;
    answer?: (path: string, body: string) => string;
  } = {},
): Promise<Thief> {
  return startThief(async ({ method, path, headers, body }) => {
    const sent = change.request?.(path, body) ?? body;
    const answer = await ask(target, path, { method, headers, ...(sent !== '' && { body: sent }) });
    const text = answer.body.toString();
    return { status: answer.status, body: Buffer.from(change.answer?.(path, text) ?? text) };
  });
}

/**
 * Repeats the requests that a fake parent got, unchanged and altered. Returns those that were not refused as a
 * stranger's.
 */
export async function replay(
  recorded: readonly Recorded[],
  receivers: readonly Receiver[],
): Promise<string[]> {
  const faults: string[] = [];
  for (const { what, url } of receivers)
    for (const one of recorded.filter(({ headers }) => headers.signature !== undefined))
      for (const [how, altered] of [['verbatim', one] as const, ...alterations(one)]) {
        const answer = await answerTo(url, altered);
        // A 404 for an unknown address is as good a refusal.
        if (answer !== '401' && answer !== '404 not-found')
          faults.push(`${one.method} ${one.path}, ${how}, at ${what}: ${answer}`);
      }
  return faults;
}

/** Copies of a proven request, each with one thing changed. */
function alterations(request: Recorded): (readonly [how: string, altered: Recorded])[] {
  const { headers, path, body, method } = request;
  const { 'content-digest': digest = '', ...undigested } = headers;
  const { 'skerry-to': to = '', 'signature-input': input = '' } = headers;
  const log = to.slice(0, 32);
  const other = (changes: Record<string, string>) => ({ ...request, headers: { ...headers, ...changes } });
  const always = [
    ['another path', { ...request, path: `/feed/v1/objects/${'0'.repeat(64)}` }],
    ['another query', { ...request, path: path.includes('?') ? `${path}0` : `${path}?from=1` }],
    ['another method', { ...request, method: method === 'GET' ? 'POST' : 'GET' }],
    ['a range', other({ range: 'bytes=0-1' })],
    ['for an edge', other({ 'skerry-to': `${log} edge other` })],
    ['another member', other({ 'signature-input': input.replace(/keyid="[^"]*"/, 'keyid="other"') })],
    ['less covered', other({ 'signature-input': input.replace(' "skerry-to"', '') })],
    ['another tag', other({ 'signature-input': input.replace('skerry-feed-1', 'other') })],
    ['another signature', other({ signature: `skerry=:${Buffer.alloc(64).toString('base64')}:` })],
    ['no signature', other({ signature: '' })],
    ['two of them', other({ signature: `${headers.signature}, again=:AAAA:` })],
  ] as const;
  const ofOrigin = to.endsWith(' origin')
    ? []
    : ([['for the origin', other({ 'skerry-to': `${log} origin` })]] as const);
  if (body === '') return [...always, ...ofOrigin];
  return [
    ...always,
    ...ofOrigin,
    ['another body', { ...request, body: `${body} ` }],
    ['no digest of the body', { ...request, headers: undigested }],
    ['another digest', other({ 'content-digest': digest.replace(/=:./, '=:_') })],
  ];
}

/** The status, and for a 404 the code. Nothing more is read, because the answer may have no end. */
async function answerTo(url: string, { method, path, headers, body }: Recorded): Promise<string> {
  const answer = await fetch(new URL(path, url), {
    method,
    headers,
    ...(body !== '' && method !== 'GET' && { body }),
    signal: AbortSignal.timeout(10_000),
  });
  if (answer.status === 404) return `404 ${((await answer.json()) as { code: string }).code}`;
  await answer.body?.cancel();
  return String(answer.status);
}

/** Uses a join that was recorded on the wire for the thief's own edge. Returns what was not refused. */
export async function stealJoin(origin: string, heard: readonly Recorded[]): Promise<string[]> {
  const join = heard.find(({ path }) => path === '/feed/v1/join');
  if (join === undefined) return ['no join was heard'];
  const key = generateSigningKey();
  const asked = JSON.parse(join.body) as Record<string, unknown>;
  const faults: string[] = [];
  for (const changes of [
    { name: 'thief' },
    { region: 'elsewhere' },
    { publicKey: key.publicKey },
    { name: 'thief', publicKey: key.publicKey, sig: signText(key, 'whatever') },
    { proof: 'A'.repeat(43) },
    { nonce: 'A'.repeat(22) },
    { edgeNonce: 'A'.repeat(22) },
    { token: '0'.repeat(12) },
  ]) {
    const { status, body } = await postJoin(origin, { ...asked, ...changes });
    if (status !== 403 && status !== 401) faults.push(`${JSON.stringify(changes)}: ${status} ${body}`);
  }
  return faults;
}

export function postJoin(origin: string, request: unknown): Promise<Answer> {
  return ask(origin, '/feed/v1/join', {
    method: 'POST',
    body: JSON.stringify(request),
    headers: { 'content-type': 'application/json' },
  });
}

/** The answer to a member that uses the given nonce, or the receiver's newest one. */
export async function proveWith(member: Member, url: string, nonce?: string): Promise<string> {
  const path = '/feed/v1/records?from=1';
  const { status, body } = await askAs(member, url, path, {}, nonce === undefined ? {} : { nonce });
  const code = status === 200 ? '' : (JSON.parse(body.toString()) as { code: string }).code;
  return `${status} ${code}`.trim();
}

/** The status of a proven request whose body was replaced by another of the same length. */
export async function sendAnotherBody(member: Member, url: string): Promise<number> {
  const target = '/feed/v1/bundle';
  const headers = await provenHeaders(member, url, target, {
    method: 'POST',
    body: '{"objects":"AAAAAAAAAAA"}',
  });
  const { status } = await ask(url, target, { method: 'POST', headers, body: '{"objects":"AAAAAAAAAAB"}' });
  return status;
}

/** The status of a request that announces a body and never sends it. */
export function sendHeadAlone(
  url: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const announced = { 'content-type': 'application/json', 'content-length': '1000000', ...headers };
    const sent = request(new URL(path, url), { method: 'POST', headers: announced }, (answer) => {
      resolve(answer.statusCode ?? 0);
      sent.destroy();
    });
    sent.on('error', reject);
    sent.setTimeout(10_000, () => sent.destroy(new Error('it waits for the body')));
    sent.flushHeaders();
  });
}
