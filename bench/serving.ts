/**
 * `npm run bench:serving [-- --seconds 4] [-- --rounds 5] [-- --protocols http,tls,h2] [-- --rate 3000]`: requests hot files from
 * Skerry, nginx and Varnish (which has no TLS) in turns, with keep-alive and the header fields of a browser. Over
 * HTTP/2, it also does so with ten requests at a time on each connection, and for 300 files in turns. Each server has
 * one core, and the load generator has the other one. A busy load generator hides differences, so the processor time
 * for each response is printed, too. With `--rate`, HTTP/2 gets so many requests a second, and the latencies of the
 * servers can be compared. Rounds of less than 4 s show the handshakes rather than the requests.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeCertificate } from '../test/helpers/certificates.ts';
import { cpuSeconds } from './cpu-time.ts';
import { h2load, type Load, type Measured, pin, wrk } from './http-load.ts';
import { withScratch } from './scratch.ts';
import { median, milliseconds, printTable } from './table.ts';
import { SITE, startBesideNginx, startSkerry, startVarnish, type WebServer } from './web-servers.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '5' },
    protocols: { type: 'string', default: 'http,tls,h2' },
    rate: { type: 'string' },
    objects: { type: 'string', default: 'one,files,ten,large,crowd' },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const rate = values.rate === undefined ? undefined : Number(values.rate);

const PROTOCOLS = values.protocols.split(',');
const CORES = { server: 0, load: 1 };
const FILES = 300;
const KB = 1024;
const OBJECTS = [
  { key: 'one', name: '1 KB', files: ['one.bin'], bytes: KB, connections: [64], streams: [1, 10] },
  {
    ...{ key: 'files', name: '300 files', bytes: KB, connections: [64], streams: [1, 10] },
    files: Array.from({ length: FILES }, (_, i) => `file-${i}.bin`),
  },
  { key: 'ten', name: '10 KB', files: ['ten.bin'], bytes: 10 * KB, connections: [64], streams: [1, 10] },
  { key: 'large', name: '10 MB', files: ['large.bin'], bytes: 10 * KB * KB, connections: [4], streams: [1] },
  {
    key: 'crowd',
    name: '10 MB',
    files: ['large.bin'],
    bytes: 10 * KB * KB,
    connections: [64],
    streams: [1, 10],
  },
].filter(({ key }) => values.objects.split(',').includes(key));

/** The fields that Chromium sends. */
const BROWSER = {
  Host: `${SITE}.localhost`,
  Connection: 'keep-alive',
  'sec-ch-ua': '"Chromium";v="142", "Not_A Brand";v="24"',
  'sec-ch-ua-mobile': '?0',
  'sec-ch-ua-platform': '"Linux"',
  'User-Agent':
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  Accept: 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8',
  'Sec-Fetch-Site': 'same-origin',
  'Sec-Fetch-Mode': 'no-cors',
  'Sec-Fetch-Dest': 'image',
  Referer: 'https://www.example.com/products/index.html',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  'Accept-Language': 'en-GB,en-US;q=0.9,en;q=0.8',
  Cookie: 'session=5f2b8c1e9a7d4f60; theme=dark; _ga=GA1.2.1234567890.1700000000',
};

await withScratch(async (scratch) => {
  const folder = join(scratch.folder, 'files');
  await mkdir(folder);
  await writeFile(join(folder, 'index.html'), 'bench');
  // The bytes are random, so no server can send fewer by compression.
  for (const { files, bytes } of OBJECTS)
    for (const file of files) await writeFile(join(folder, file), randomBytes(bytes));
  const certs = join(scratch.folder, 'certs');
  // No request asks for this name, because readers of a host with a certificate would be redirected to TLS.
  await writeCertificate(join(certs, 'bench'), ['bench.example']);
  const skerry = await startSkerry(scratch, folder, certs);
  const nginx = await startBesideNginx(scratch, folder, certs);
  const all = [skerry, nginx, await startVarnish(scratch, nginx.url)];
  for (const server of all) await pin(server.pids, CORES.server);

  const rows: string[][] = [];
  for (const round of plan()) {
    const { protocol, object, connections, streams } = round;
    const servers = protocol === 'http' ? all : all.filter(({ secureUrl }) => secureUrl !== undefined);
    const results = new Map<WebServer, Result[]>(servers.map((server) => [server, []]));
    const load = async (server: WebServer, duration: number): Promise<Result> => {
      const base = protocol === 'http' ? server.url : server.secureUrl;
      const wanted: Load = {
        urls: object.files.map((file) => `${base}/${file}`),
        ...{ headers: BROWSER, connections, streams, seconds: duration, core: CORES.load, rate },
      };
      const before = await cpuSeconds(server.pids);
      const measured = await (protocol === 'h2' ? h2load(wanted, scratch.folder) : wrk(wanted));
      return { ...measured, cpuSeconds: (await cpuSeconds(server.pids)) - before };
    };
    for (const server of servers) await load(server, 1);
    for (let i = 1; i <= rounds; i++) {
      process.stderr.write(`${protocol}, ${object.name}, ${connections} × ${streams}, round ${i} …\n`);
      for (const server of servers) results.get(server)?.push(await load(server, seconds));
    }
    rows.push(...rowsOf(round, skerry, results));
  }
  const headings = ['over', 'object', 'connections × streams', 'server', 'median', 'Skerry ÷ it'];
  printTable([...headings, 'CPU each', 'Skerry ÷ it', 'p50', 'p99'], rows);
});

type Result = Measured & { readonly cpuSeconds: number };

interface Round {
  readonly protocol: string;
  readonly object: (typeof OBJECTS)[number];
  readonly connections: number;
  readonly streams: number;
}

function plan(): Round[] {
  return PROTOCOLS.flatMap((protocol) =>
    OBJECTS.flatMap((object) =>
      object.connections.flatMap((connections) =>
        object.streams
          // Only HTTP/2 has several requests at a time, and `wrk` requests only one URL.
          .filter((streams) => protocol === 'h2' || (streams === 1 && object.files.length === 1))
          .map((streams) => ({ protocol, object, connections, streams })),
      ),
    ),
  );
}

function rowsOf(
  { protocol, object, connections, streams }: Round,
  skerry: WebServer,
  results: ReadonlyMap<WebServer, readonly Result[]>,
): string[][] {
  const isLarge = object.bytes > 1e6;
  const of = (server: WebServer, figure: (one: Result) => number) =>
    median((results.get(server) ?? []).map(figure));
  const speed = (server: WebServer) =>
    of(server, (one) => (isLarge ? one.bytesPerSecond : one.requestsPerSecond));
  // Large responses that have only begun count in parts.
  const responses = ({ requests, bytesPerSecond }: Result) =>
    isLarge ? (bytesPerSecond * seconds) / object.bytes : requests;
  const cpu = (server: WebServer) => of(server, (one) => (one.cpuSeconds * 1e6) / responses(one));
  const latency = (server: WebServer, figure: 'p50' | 'p99') => {
    const ms = of(server, ({ latencies }) => latencies?.[figure] ?? Number.NaN);
    return Number.isNaN(ms) ? '' : milliseconds(ms);
  };
  const ratio = (server: WebServer, figure: (server: WebServer) => number) =>
    server === skerry ? '' : (figure(skerry) / figure(server)).toFixed(2);
  return [...results.keys()].map((server) => [
    ...[protocol, object.name, `${connections} × ${streams}`, server.name],
    isLarge ? `${Math.round(speed(server) / 1e6)} MB/s` : `${Math.round(speed(server))}/s`,
    ratio(server, speed),
    `${cpu(server).toFixed(1)} µs`,
    ratio(server, cpu),
    ...[latency(server, 'p50'), latency(server, 'p99')],
  ]);
}
