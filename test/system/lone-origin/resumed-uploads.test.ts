import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import t from 'tap';
import { cli } from '../../helpers/cli.ts';
import { ask, sha256 } from '../../helpers/http.ts';
import { loneOrigin } from '../../helpers/lone-origin.ts';
import { startProxy } from '../../helpers/tcp-proxy.ts';
import { until } from '../../helpers/until.ts';

const origin = await loneOrigin(t);
const { client } = origin;
const SITE = 'resumed';
await client.putSite(SITE);
const MIB = 1024 * 1024;

interface Asked {
  readonly headers?: Record<string, string>;
  readonly body?: Buffer;
  readonly token?: string;
}

async function send(method: string, bytes: Buffer, { headers, body, token = origin.token }: Asked = {}) {
  const answer = await ask(origin.url, `/v1/sites/${SITE}/objects/${sha256(bytes)}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...headers },
    ...(body && { body }),
  });
  const { 'upload-offset': offset, 'upload-complete': complete, 'upload-limit': limit } = answer.headers;
  const { 'upload-length': length, location } = answer.headers;
  return { status: answer.status, offset, complete, limit, length, location, body: answer.body.toString() };
}

/** Sends the first bytes of an object, and breaks the connection once the origin has written them. */
async function sendBroken(bytes: Buffer, sent: number, digest = sha256(bytes)): Promise<void> {
  const { hostname, port } = new URL(origin.url);
  const sending = request({
    ...{ hostname, port, method: 'PUT', path: `/v1/sites/${SITE}/objects/${digest}` },
    headers: { authorization: `Bearer ${origin.token}`, 'content-length': bytes.length },
  });
  sending.on('error', () => {});
  sending.write(bytes.subarray(0, sent));
  const drafts = join(origin.data, 'objects', 'drafts');
  await until('the bytes to be written', async () => {
    const name = (await readdir(drafts)).find((name) => name.endsWith(digest));
    return name !== undefined && (await stat(join(drafts, name))).size === sent;
  });
  sending.destroy();
}

const rest = (bytes: Buffer, offset: number, complete = '?1') => ({
  headers: {
    'content-type': 'application/partial-upload',
    'upload-offset': String(offset),
    'upload-complete': complete,
  },
  body: bytes.subarray(offset),
});
const isStored = async (bytes: Buffer) => {
  const deploy = { files: { a: { digest: sha256(bytes), size: bytes.length } } };
  const { body } = await origin.post(`/v1/sites/${SITE}/deploys`, deploy);
  return (body.missing as string[]).length === 0;
};

t.test('an upload goes on at its offset, also after a restart', async (t) => {
  const bytes = randomBytes(3 * MIB);
  t.match(await send('HEAD', bytes), { status: 204, offset: '0', complete: '?0' });
  await sendBroken(bytes, 2 * MIB);
  t.match(await send('HEAD', bytes), { offset: String(2 * MIB), complete: '?0' });
  t.notOk(await isStored(bytes));
  await origin.restart();
  t.match(await send('HEAD', bytes), { status: 204, offset: String(2 * MIB), complete: '?0' });
  const wrong = await send('PATCH', bytes, rest(bytes, MIB));
  t.match(JSON.parse(wrong.body), { status: 409, code: 'offset-mismatch', 'expected-offset': 2 * MIB });
  t.match(wrong, { offset: String(2 * MIB) });
  t.match(await send('PATCH', bytes, rest(bytes, 2 * MIB)), { status: 204, complete: '?1' });
  const whole = String(3 * MIB);
  t.match(await send('HEAD', bytes), { status: 204, offset: whole, length: whole, complete: '?1' });
  for (const offset of [0, 3 * MIB]) {
    const again = await send('PATCH', bytes, rest(bytes, offset));
    t.match(JSON.parse(again.body), { status: 400, code: 'completed-upload' });
    t.equal(again.complete, '?1');
  }
  t.ok(await isStored(bytes));
});

t.test('an upload in parts of any size', async (t) => {
  for (const size of [10, 2 * MIB]) {
    const bytes = randomBytes(size);
    const half = size / 2;
    const first = { headers: { 'upload-complete': '?0' }, body: bytes.subarray(0, half) };
    t.match(await send('PUT', bytes, first), {
      ...{ status: 201, offset: String(half), complete: '?0', limit: 'max-age=86400' },
      location: `/v1/sites/${SITE}/objects/${sha256(bytes)}`,
    });
    const second = { ...rest(bytes, half, '?0') };
    t.match(await send('PATCH', bytes, second), { status: 204, offset: String(size), complete: '?0' });
    t.notOk(await isStored(bytes), 'nothing has said that this is all');
    t.match(await send('PATCH', bytes, rest(bytes, size)), { status: 204, complete: '?1' });
    t.ok(await isStored(bytes));
  }
});

t.test('wrong bytes are thrown away', async (t) => {
  const bytes = randomBytes(2 * MIB);
  await sendBroken(Buffer.concat([Buffer.from('wrong'), bytes]), MIB, sha256(bytes));
  t.match(await send('HEAD', bytes), { offset: String(MIB), complete: '?0' });
  const answer = await send('PATCH', bytes, rest(bytes, MIB));
  t.match(JSON.parse(answer.body), { status: 400, code: 'digest-mismatch' });
  t.equal(answer.complete, '?1', 'it is useless to go on');
  t.match(await send('HEAD', bytes), { offset: '0', complete: '?0' });
  t.match(await send('PUT', bytes, { body: bytes }), { status: 204 });
  t.ok(await isStored(bytes));
});

t.test('an upload belongs to its token, and can be given up', async (t) => {
  const bytes = randomBytes(2 * MIB);
  await sendBroken(bytes, MIB);
  t.match(await send('HEAD', bytes), { offset: String(MIB), complete: '?0' });
  const { token } = await client.createToken({ scope: `publish:${SITE}` });
  t.match(await send('HEAD', bytes, { token }), { offset: '0' });
  const other = await client.createToken({ scope: 'publish:other' });
  for (const method of ['HEAD', 'DELETE'])
    t.match(await send(method, bytes, { token: other.token }), { status: 403 }, method);
  for (const method of ['PUT', 'PATCH'])
    t.match(await send(method, bytes, { ...rest(bytes, 0), token: other.token }), { status: 403 }, method);
  t.match(await send('DELETE', bytes), { status: 204 });
  t.match(await send('HEAD', bytes), { offset: '0' });
  const { headers } = rest(bytes, 0);
  for (const wrong of [
    { 'upload-offset': '-1' },
    { 'upload-complete': 'yes' },
    { 'content-type': 'text/plain' },
  ])
    t.match(await send('PATCH', bytes, { headers: { ...headers, ...wrong }, body: bytes }), { status: 400 });
  const { 'upload-complete': _, ...silent } = headers;
  t.match(await send('PATCH', bytes, { headers: silent, body: bytes }), { status: 400 }, 'is this the end?');
});

/** The responses to a PUT that come before its last one. */
async function informedOf(bytes: Buffer, headers: Record<string, string>) {
  const { hostname, port } = new URL(origin.url);
  const informed: { readonly statusCode: number; readonly headers: IncomingHttpHeaders }[] = [];
  const putting = request({
    ...{ hostname, port, method: 'PUT', path: `/v1/sites/${SITE}/objects/${sha256(bytes)}` },
    headers: { authorization: `Bearer ${origin.token}`, 'content-length': bytes.length, ...headers },
  });
  putting.on('information', (info) => informed.push(info));
  putting.end(bytes);
  const [answer] = (await once(putting, 'response')) as [IncomingMessage];
  answer.resume();
  return { status: answer.statusCode, informed };
}

t.test('a client that speaks the same version of the draft learns where it can go on', async (t) => {
  const bytes = randomBytes(2 * MIB);
  const asked = { 'upload-complete': '?1', 'upload-draft-interop-version': '8' };
  const { status, informed } = await informedOf(bytes, asked);
  t.equal(status, 204);
  t.match(informed, [
    {
      statusCode: 104,
      headers: {
        location: `/v1/sites/${SITE}/objects/${sha256(bytes)}`,
        'upload-limit': 'max-age=86400',
        'upload-draft-interop-version': '8',
      },
    },
  ]);
  for (const headers of [{ 'upload-complete': '?1' }, { ...asked, 'upload-draft-interop-version': '6' }])
    t.strictSame((await informedOf(bytes, headers as Record<string, string>)).informed, []);
});

t.test('limits are those of the site, and what is left of a life', async (t) => {
  const quota = { bytes: null, files: null, fileBytes: 2 * MIB };
  await client.putSite(SITE, { policy: { quota } });
  const bytes = randomBytes(3 * MIB);
  const refused = await send('PUT', bytes, { body: bytes });
  t.match(refused, { status: 413, limit: `max-age=86400, max-size=${2 * MIB}` });
  await client.putSite(SITE, { policy: { quota: { ...quota, fileBytes: null } } });
  await sendBroken(bytes, MIB);
  t.match(await send('HEAD', bytes), { offset: String(MIB) });
  origin.clock.set(3_600_000);
  t.teardown(() => origin.clock.set(0));
  const { limit } = await send('HEAD', bytes);
  const left = Number(/^max-age=(\d+)$/.exec(String(limit))?.[1]);
  t.ok(left > 22 * 3600 && left <= 23 * 3600, String(limit));
});

t.test('uploads that nobody goes on with are deleted after a day', async (t) => {
  const bytes = randomBytes(2 * MIB);
  await sendBroken(bytes, MIB);
  t.match(await send('HEAD', bytes), { offset: String(MIB), complete: '?0' });
  origin.clock.set(25 * 3_600_000);
  t.teardown(() => origin.clock.set(0));
  await origin.restart();
  t.match(await send('HEAD', bytes), { offset: String(0), complete: '?0' });
});

t.test('a publish over a connection that breaks sends no large file again', async (t) => {
  const size = 6 * MIB;
  const folder = t.testdir({ 'large.bin': randomBytes(size), 'a.txt': 'a' });
  const { hostname, port } = new URL(origin.url);
  const proxy = await startProxy({
    target: { host: hostname, port: Number(port) },
    bytesPerSecond: 4 * MIB,
  });
  t.teardown(() => proxy.close());
  const env = { SKERRY_ORIGIN: proxy.url, SKERRY_TOKEN: origin.token };
  const publishing = cli(['publish', folder, '--site', SITE], env);
  for (const sent of [MIB, 3 * MIB]) {
    await until(`${sent} bytes to have passed`, () => proxy.bytesUp > sent);
    await proxy.cut();
    await proxy.restore();
  }
  const { code, stderr, stdout } = await publishing;
  t.equal(code, 0, stderr);
  t.match(stdout, /revision 1 is live/);
  t.ok(proxy.bytesUp < size + 3 * MIB, `${proxy.bytesUp} bytes for a file of ${size}`);
});
