/**
 * `npm run bench:serving [-- --seconds 4] [-- --rounds 5] [-- --protocols http,tls,h2]`: requests hot files from
 * Skerry, nginx and Varnish (which has no TLS) in turns, with keep-alive and the header fields of a browser. Each
 * server has one core, and the load generator has the other one.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeCertificate } from '../test/helpers/certificates.ts';
import { h2load, type Load, type Measured, pin, wrk } from './http-load.ts';
import { withScratch } from './scratch.ts';
import { median, milliseconds, printTable } from './table.ts';
import { SITE, startBesideNginx, startSkerry, startVarnish, type WebServer } from './web-servers.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '5' },
    protocols: { type: 'string', default: 'http,tls,h2' },
    objects: { type: 'string', default: 'one.bin,ten.bin,large.bin' },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);

const PROTOCOLS = values.protocols.split(',');
const CORES = { server: 0, load: 1 };
const OBJECTS = [
  { file: 'one.bin', name: '1 KB', bytes: 1024, connections: 64 },
  { file: 'ten.bin', name: '10 KB', bytes: 10 * 1024, connections: 64 },
  { file: 'large.bin', name: '10 MB', bytes: 10 * 1024 * 1024, connections: 4 },
].filter(({ file }) => values.objects.split(',').includes(file));

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
  for (const { file, bytes } of OBJECTS) await writeFile(join(folder, file), randomBytes(bytes));
  const certs = join(scratch.folder, 'certs');
  // No request asks for this name, because readers of a host with a certificate would be redirected to TLS.
  await writeCertificate(join(certs, 'bench'), ['bench.example']);
  const skerry = await startSkerry(scratch, folder, certs);
  const nginx = await startBesideNginx(scratch, folder, certs);
  const all = [skerry, nginx, await startVarnish(scratch, nginx.url)];
  for (const server of all) await pin(server.pids, CORES.server);

  const rows: string[][] = [];
  for (const protocol of PROTOCOLS)
    for (const object of OBJECTS) {
      const servers = protocol === 'http' ? all : all.filter(({ secureUrl }) => secureUrl !== undefined);
      const results = new Map<WebServer, Measured[]>(servers.map((server) => [server, []]));
      const load = (server: WebServer, duration: number) => {
        const wanted: Load = {
          url: `${protocol === 'http' ? server.url : server.secureUrl}/${object.file}`,
          headers: BROWSER,
          connections: object.connections,
          seconds: duration,
          core: CORES.load,
        };
        return protocol === 'h2' ? h2load(wanted, join(scratch.folder, 'h2load.log')) : wrk(wanted);
      };
      for (const server of servers) await load(server, 1);
      for (let round = 1; round <= rounds; round++) {
        process.stderr.write(`${protocol}, ${object.name}, round ${round} …\n`);
        for (const server of servers) results.get(server)?.push(await load(server, seconds));
      }
      rows.push(...rowsOf(protocol, object, skerry, results));
    }
  printTable(['over', 'object', 'server', 'median', 'Skerry ÷ it', 'p50', 'p99'], rows);
});

function rowsOf(
  protocol: string,
  object: (typeof OBJECTS)[number],
  skerry: WebServer,
  results: ReadonlyMap<WebServer, readonly Measured[]>,
): string[][] {
  const isLarge = object.bytes > 1e6;
  const speed = (server: WebServer) =>
    median((results.get(server) ?? []).map((one) => (isLarge ? one.bytesPerSecond : one.requestsPerSecond)));
  return [...results].map(([server, measured]) => [
    protocol,
    object.name,
    server.name,
    isLarge ? `${Math.round(speed(server) / 1e6)} MB/s` : `${Math.round(speed(server))}/s`,
    server === skerry ? '' : (speed(skerry) / speed(server)).toFixed(2),
    milliseconds(median(measured.map(({ p50 }) => p50))),
    milliseconds(median(measured.map(({ p99 }) => p99))),
  ]);
}
