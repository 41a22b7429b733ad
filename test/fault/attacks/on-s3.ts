import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { ask } from '../../helpers/http.ts';
import { signedForm } from '../../helpers/s3-form.ts';
import { signedHeaders, type ToSign } from '../../helpers/s3-signed.ts';
import type { Attack, Outcome } from './attack.ts';
import { answerOn, repeatedBody, sendRequest } from './request-bytes.ts';
import { SITE, serverOf, type Target } from './target.ts';

const SECONDS = 5;
const GIGABYTES = 4 * 1024 ** 3;
/** A body without a byte for a minute is ended. */
const HELD_MS = 70_000;
/** As MOST_MULTIPARTS of the catalog. */
const MOST_UPLOADS = 1000;
/** The longest time for an honest client beside an attack, on a machine that does much else. */
const MOST_WAIT_MS = 10_000;

const SIGNED = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
const UNSIGNED = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';

interface Sent extends Omit<ToSign, 'method' | 'path'> {
  readonly method?: string;
  readonly path?: string;
  readonly length?: number;
  /** Headers that are not signed. */
  readonly more?: Readonly<Record<string, string>>;
}

/** The head of a request that the publisher of SITE has signed. */
async function signedHead(
  { s3, publishToken }: Target,
  { method = 'PUT', path = `/${SITE}/evil`, length, more, ...asked }: Sent,
): Promise<string> {
  const headers = await signedHeaders(s3, publishToken, { ...asked, method, path });
  return headOf(`${method} ${path}${queryOf(asked.query)}`, {
    ...headers,
    ...(length !== undefined && { 'content-length': String(length) }),
    ...more,
  });
}

const queryOf = (query: ToSign['query']) =>
  query === undefined ? '' : `?${new URLSearchParams(query).toString()}`;

const headOf = (request: string, headers: Readonly<Record<string, string>>) =>
  `${request} HTTP/1.1\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}`;

function told(answers: readonly (string | number)[]): string {
  const counts = new Map<string | number, number>();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  return [...counts].map(([answer, count]) => `${count} × ${answer}`).join(', ');
}

/** Sends a body on many connections at once. Anything but one of the expected answers is a gain. */
async function many(
  target: Target,
  count: number,
  expected: readonly string[],
  send: () => Promise<string>,
): Promise<Outcome> {
  const answers = await besides(target, () => Promise.all(Array.from({ length: count }, send)));
  return outcome(answers, expected);
}

/** Repeats a request on many connections for some seconds. */
async function repeated(
  target: Target,
  atOnce: number,
  expected: readonly string[],
  send: (agent: Agent, nth: number) => Promise<string>,
): Promise<Outcome> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const answers: string[] = [];
  const until = performance.now() + SECONDS * 1000;
  try {
    const all = await besides(target, async () => {
      await Promise.all(
        Array.from({ length: atOnce }, async () => {
          while (performance.now() < until) answers.push(await send(agent, answers.length));
        }),
      );
      return answers;
    });
    return outcome(all, expected);
  } finally {
    agent.destroy();
  }
}

interface Besides {
  readonly answers: readonly string[];
  readonly honest: readonly (string | number)[];
  readonly longest: number;
}

function outcome({ answers, honest, longest }: Besides, expected: readonly string[]): Outcome {
  const other = answers.filter((answer) => !expected.includes(answer));
  const unserved = honest.filter((status) => status !== 200);
  const gains = [
    ...(other.length > 0 ? [told(other)] : []),
    ...(unserved.length > 0 ? [`honest clients answered ${told(unserved)}`] : []),
    ...(longest > MOST_WAIT_MS ? [`an honest client waiting ${Math.round(longest)} ms`] : []),
  ];
  return {
    refused: `${told(answers)}; an S3 client beside it waited ${Math.round(longest)} ms at most`,
    ...(gains.length > 0 && { gained: gains.join('; ') }),
  };
}

/** Runs an attack while an honest S3 client reads. */
async function besides({ s3, cluster }: Target, attack: () => Promise<readonly string[]>): Promise<Besides> {
  const agent = new Agent({ localAddress: '127.0.0.7' });
  let isOver = false;
  let longest = 0;
  const honest: (string | number)[] = [];
  const path = `/${SITE}/a.css`;
  const reading = async () => {
    while (!isOver) {
      const began = performance.now();
      const headers = await signedHeaders(s3, cluster.token, { method: 'GET', path });
      const status = await ask(s3, path, { headers, agent }).then(
        (answer) => answer.status,
        (error: unknown) => String(error).slice(0, 40),
      );
      honest.push(status);
      longest = Math.max(longest, performance.now() - began);
    }
  };
  const reader = reading();
  const end = async () => {
    isOver = true;
    await reader;
    agent.destroy();
  };
  const answers = await attack().finally(end);
  return { answers, honest, longest };
}

const bytesOf = (begin: string, byte: string, length = GIGABYTES) => repeatedBody(begin, byte, length).pieces;

/** Sends some bytes of a body and then nothing. */
async function heldBody(target: Target): Promise<string> {
  const head = await signedHead(target, { length: 12 * 1024 * 1024 });
  const socket = connect(serverOf(target.s3));
  const answer = answerOn(socket, HELD_MS);
  socket.write(`${head}\r\n`);
  for (const piece of bytesOf('', 'x', 1024 * 1024))
    if (!socket.destroyed && !socket.write(piece))
      await Promise.race([once(socket, 'drain').catch(() => {}), answer]);
  return answer;
}

async function send(target: Target, sent: Sent, body: Iterable<Buffer>): Promise<string> {
  return sendRequest(serverOf(target.s3), { head: await signedHead(target, sent), body });
}

async function call({ s3, publishToken }: Target, agent: Agent, asked: ToSign, body = ''): Promise<string> {
  const headers = await signedHeaders(s3, publishToken, asked);
  const { status } = await ask(s3, asked.path + queryOf(asked.query), {
    ...{ method: asked.method, headers: { ...headers, 'content-length': String(body.length) }, body, agent },
  });
  return String(status);
}

const deleteOf = (keys: number) =>
  `<Delete>${Array.from({ length: keys }, (_, i) => `<Object><Key>none/${i}</Key></Object>`).join('')}</Delete>`;

const BOMBS: readonly string[] = [
  `<!DOCTYPE d [<!ENTITY a "${'a'.repeat(1000)}">]><Delete><Object><Key>${'&a;'.repeat(100_000)}</Key></Object></Delete>`,
  `${'<a>'.repeat(300_000)}`,
  `<Delete>${'<Object><Key>a</Key></Object>'.repeat(60_000)}</Delete>`,
  `<Delete><Object ${'a="b" '.repeat(300_000)}><Key>a</Key></Object></Delete>`,
  `<Delete><Object><Key>${'&#65;'.repeat(350_000)}</Key></Object></Delete>`,
  `<Delete><!--${'-'.repeat(1_900_000)}--></Delete>`,
];

export const onS3: readonly Attack[] = [
  {
    name: 'bodies that nobody signed, to S3',
    point: '14',
    run: (target) =>
      many(target, 100, ['403'], () =>
        sendRequest(serverOf(target.s3), {
          head: headOf(`PUT /${SITE}/evil`, { host: 's3', 'content-length': String(GIGABYTES) }),
          body: bytesOf('', 'x'),
        }),
      ),
  },
  {
    name: 'bodies of a token that stand still, to S3',
    point: '14',
    run: (target) => many(target, 40, ['400', 'closed', 'reset'], () => heldBody(target)),
  },
  {
    name: 'bodies without a length, to S3',
    point: '14',
    run: (target) =>
      many(target, 20, ['411'], () =>
        send(target, { more: { 'transfer-encoding': 'chunked' } }, bytesOf('fffffff\r\n', 'x')),
      ),
  },
  {
    name: 'signed chunks that are not what they say, to S3',
    point: '14',
    run: (target) =>
      many(target, 20, ['400', '403'], () =>
        send(
          target,
          { payload: SIGNED, headers: { 'x-amz-decoded-content-length': '10' }, length: GIGABYTES },
          bytesOf(`f0000000;chunk-signature=${'f'.repeat(64)}\r\n`, 'x'),
        ),
      ),
  },
  ...[
    ['chunks of 2^53 bytes', '20000000000000\r\n'],
    ['chunks whose head has no end', ''],
    ['trailers without an end', '0\r\n'],
    ['chunks of one byte', ''],
  ].map(
    ([name = '', begin = '']): Attack => ({
      name: `${name}, to S3`,
      point: '14',
      run: (target) =>
        many(target, 20, ['400'], () =>
          send(
            target,
            { payload: UNSIGNED, headers: { 'x-amz-decoded-content-length': '10' }, length: GIGABYTES },
            name === 'chunks of one byte' ? bytesOf('', '1\r\nx\r\n') : bytesOf(begin, '1'),
          ),
        ),
    }),
  ),
  {
    name: 'XML bombs, to S3',
    point: '14',
    run: (target) =>
      repeated(target, 20, ['400'], (agent, nth) =>
        call(
          target,
          agent,
          { method: 'POST', path: `/${SITE}`, query: { delete: '' } },
          BOMBS[nth % BOMBS.length],
        ),
      ),
  },
  {
    name: 'deletions of 1,000 keys, many at once, to S3',
    point: '14',
    run: (target) =>
      repeated(target, 50, ['200', '503'], (agent) =>
        call(target, agent, { method: 'POST', path: `/${SITE}`, query: { delete: '' } }, deleteOf(1000)),
      ),
  },
  {
    name: 'uploads in parts that nobody completes, to S3',
    point: '14',
    async run(target) {
      const agent = new Agent({ keepAlive: true, maxSockets: 20 });
      const open = async (worker: number) => {
        const answers: string[] = [];
        for (let i = 0; i < MOST_UPLOADS / 16; i++) {
          const path = `/${SITE}/evil-${worker}-${i}`;
          answers.push(await call(target, agent, { method: 'POST', path, query: { uploads: '' } }));
        }
        return answers;
      };
      const all = await besides(target, async () =>
        (await Promise.all(Array.from({ length: 20 }, (_, worker) => open(worker)))).flat(),
      );
      agent.destroy();
      const accepted = all.answers.filter((status) => status === '200').length;
      const { refused, gained } = outcome(all, ['200', '503']);
      return {
        refused,
        gained: gained ?? (accepted > MOST_UPLOADS ? `${accepted} open uploads` : undefined),
      };
    },
  },
  {
    name: 'listings, many at once, to S3',
    point: '14',
    run: (target) =>
      repeated(target, 100, ['200', '503'], (agent, nth) =>
        call(target, agent, {
          method: 'GET',
          path: `/${SITE}`,
          query: nth % 2 === 0 ? { versions: '' } : { 'list-type': '2', delimiter: '/', prefix: `${nth}` },
        }),
      ),
  },
  {
    name: 'forged signatures, many at once, to S3',
    point: '14',
    run: (target) =>
      repeated(target, 100, ['403', '503'], async (agent) => {
        const path = `/${SITE}/evil`;
        const headers = await signedHeaders(target.s3, target.publishToken, { method: 'PUT', path });
        const authorization = (headers.authorization ?? '').replace(/[0-9a-f]{64}$/, 'f'.repeat(64));
        const forged = { ...headers, authorization };
        return String((await ask(target.s3, path, { method: 'PUT', headers: forged, agent })).status);
      }),
  },
  {
    name: 'forms without an end, to S3',
    point: '14',
    run: (target) =>
      many(target, 40, ['400', '403'], () => {
        const { headers, body } = signedForm(target.publishToken, {
          policy: { expiration: new Date(0).toISOString(), conditions: [{ bucket: SITE }] },
          fields: { key: 'evil' },
          file: '',
          // The end of the form is left out.
          spoil: (whole) => whole.slice(0, whole.lastIndexOf('\r\n--')),
        });
        return sendRequest(serverOf(target.s3), {
          head: headOf(`POST /${SITE}`, { host: 's3', 'content-length': String(GIGABYTES), ...headers }),
          body: bytesOf(body, 'x'),
        });
      }),
  },
  {
    name: 'fields of forms without an end, to S3',
    point: '14',
    run: (target) =>
      many(target, 40, ['400'], () =>
        sendRequest(serverOf(target.s3), {
          head: headOf(`POST /${SITE}`, {
            ...{ host: 's3', 'content-length': String(GIGABYTES) },
            'content-type': 'multipart/form-data; boundary=b',
          }),
          body: bytesOf('--b\r\nContent-Disposition: form-data; name="key"\r\n\r\n', 'x'),
        }),
      ),
  },
];
