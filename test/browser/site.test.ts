import { createHash, X509Certificate } from 'node:crypto';
import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import puppeteer, { type Browser, type HTTPResponse, type Page } from 'puppeteer-core';
import t from 'tap';
import { writeCertificate } from '../helpers/certificates.ts';
import { startCluster } from '../helpers/cluster.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { packageFolder, writeTree } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';

/** A real browser loads a site of published packages over TLS and HTTP/2. `npm run test:browser`. */
const SITE = 'www';
const CHROMIUM = process.env.SKERRY_CHROMIUM ?? '/usr/bin/chromium';
const certs = t.testdir();
const [tlsPort = 0] = await freePorts(1);
await writeCertificate(join(certs, 'www'), ['www.localhost']);
const cluster = await startCluster({
  edges: 1,
  processes: 2,
  args: () => ['--tls-port', String(tlsPort), '--certs', certs],
});
t.teardown(() => cluster.close());
const [edge] = cluster.edges;
if (edge === undefined) throw new Error('a cluster of one edge has one');

const page = (version: string) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${version}</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/bootstrap/css/bootstrap.css">
<link rel="stylesheet" href="/fontawesome/css/all.css">
<script src="/bootstrap/js/bootstrap.bundle.js" defer></script>
<script type="module">
  import * as three from '/three/three.module.js';
  document.body.dataset.three = three.REVISION;
</script></head>
<body><h1 class="container">${version} <i class="fa-solid fa-anchor"></i></h1>
<img src="/icon.svg" alt="" width="10" height="10"></body></html>`;

async function publish(letter: 'a' | 'b', version: string): Promise<void> {
  const folder = join(cluster.folder, SITE);
  await rm(folder, { recursive: true, force: true });
  await writeTree(folder, {
    'index.html': page(version),
    'icon.svg': `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><title>${'icon '.repeat(60)}</title></svg>`,
    'three/three.module.js': await readFile(join(packageFolder(`three-${letter}`), 'build/three.module.js')),
  });
  await cp(join(packageFolder(`bootstrap-${letter}`), 'dist'), join(folder, 'bootstrap'), {
    recursive: true,
  });
  for (const part of ['css', 'webfonts'])
    await cp(join(packageFolder(`fontawesome-${letter}`), part), join(folder, 'fontawesome', part), {
      recursive: true,
    });
  const { code, stderr } = await cluster.skerry('publish', folder, '--site', SITE, '--wait');
  if (code !== 0) throw new Error(stderr);
}

const browser: Browser = await puppeteer.launch({
  executablePath: CHROMIUM,
  args: [
    ...['--no-sandbox', '--disable-gpu', '--no-proxy-server'],
    // This very certificate counts as valid: pages of others are not kept in the cache.
    `--ignore-certificate-errors-spki-list=${await publicKeyHash(join(certs, 'www.crt'))}`,
  ],
});
t.teardown(() => browser.close());

async function publicKeyHash(file: string): Promise<string> {
  const { publicKey } = new X509Certificate(await readFile(file));
  const der = publicKey.export({ format: 'der', type: 'spki' });
  return createHash('sha256').update(der).digest('base64');
}

/** A tab that notes what goes wrong in it, and what came over the wire. */
async function openTab(): Promise<{ tab: Page; errors: string[]; responses: HTTPResponse[] }> {
  const tab = await browser.newPage();
  const errors: string[] = [];
  const responses: HTTPResponse[] = [];
  tab.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warn') errors.push(message.text());
  });
  tab.on('pageerror', (error) => errors.push(String(error)));
  tab.on('requestfailed', (request) => errors.push(`${request.url()}: ${request.failure()?.errorText}`));
  tab.on('response', (response) => responses.push(response));
  return { tab, errors, responses };
}

const path = (response: HTTPResponse) => new URL(response.url()).pathname;
const ASSETS = ['/', '/bootstrap/css/bootstrap.css', '/fontawesome/css/all.css', '/three/three.module.js'];

t.test('a site of many files', async (t) => {
  await publish('a', 'one');
  const { tab, errors, responses } = await openTab();
  const plain = `${edge.url.replace('127.0.0.1', 'www.localhost')}/`;
  await tab.goto(plain, { waitUntil: 'networkidle0' });
  t.equal(tab.url(), `https://www.localhost:${tlsPort}/`, 'by way of the redirect');
  t.same(errors, []);
  t.equal(await tab.title(), 'one');
  t.equal(await tab.evaluate('document.body.dataset.three'), '166');
  t.equal(await tab.evaluate('getComputedStyle(document.querySelector("h1")).fontWeight'), '500', 'styled');
  t.ok(await tab.evaluate('document.fonts.check("900 16px \\"Font Awesome 6 Free\\"")'), 'with its font');
  const secure = responses.filter((response) => response.url().startsWith('https:'));
  t.ok(secure.length >= 7, `${secure.length} responses`);
  for (const response of secure) {
    // What a page names twice is asked for again.
    t.ok([200, 304].includes(response.status()), path(response));
    t.equal(response.headers()['skerry-revision'], `${SITE}@1`, path(response));
  }
  const protocols = await tab.evaluate(
    'performance.getEntriesByType("resource").map(({ nextHopProtocol }) => nextHopProtocol).join()',
  );
  t.match(protocols, /^(h2,?)+$/);
  await tab.close();
});

t.test('compressed, once the edge has had the time', async (t) => {
  const encodings = await until(
    'compressed assets',
    async () => {
      const { tab, responses } = await openTab();
      await tab.setCacheEnabled(false);
      await tab.goto(`https://www.localhost:${tlsPort}/`, { waitUntil: 'networkidle0' });
      await tab.close();
      const found = new Map(responses.map((one) => [path(one), one.headers()['content-encoding']]));
      return ASSETS.every((asset) => found.get(asset) !== undefined) && found;
    },
    60_000,
  );
  for (const asset of ASSETS) t.match(encodings.get(asset), /^(br|zstd|gzip)$/, asset);
});

t.test('a reload asks again and is told that nothing has changed; a publish shows', async (t) => {
  const { tab, errors, responses } = await openTab();
  await tab.goto(`https://www.localhost:${tlsPort}/`, { waitUntil: 'networkidle0' });
  responses.length = 0;
  await tab.reload({ waitUntil: 'networkidle0' });
  for (const asset of ASSETS)
    t.equal(responses.find((one) => path(one) === asset)?.status(), 304, `${asset} on reload`);
  await publish('b', 'two');
  responses.length = 0;
  await tab.reload({ waitUntil: 'networkidle0' });
  t.equal(await tab.title(), 'two');
  for (const response of responses.filter((one) => one.status() === 200))
    t.equal(response.headers()['skerry-revision'], `${SITE}@2`, path(response));
  t.equal(responses.find((one) => path(one) === '/bootstrap/css/bootstrap.css')?.status(), 200);
  t.same(errors, []);
});
