import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import puppeteer, { type Page } from 'puppeteer-core';
import t from 'tap';
import { freePorts } from '../helpers/free-ports.ts';
import { start } from '../helpers/processes.ts';
import { until } from '../helpers/until.ts';

/**
 * The first page that anyone sees: a real browser looks at it, with and without scripts, and sees a save.
 * With SKERRY_SCREENSHOTS=DIR it leaves pictures there.
 */
const CHROMIUM = process.env.SKERRY_CHROMIUM ?? '/usr/bin/chromium';
const STATUS_OFFSET = 103;
/** From disk at first, then from memory. */
const FOUND = /^hit, from (memory|disk)$/;
const EDGES = ['edge-1', 'edge-2', 'edge-3'];

const folder = await mkdtemp(join(tmpdir(), 'skerry-example-'));
const data = join(folder, 'data');
const [port = 0, edgePort = 0] = await freePorts(2 + STATUS_OFFSET);
const dev = await start(
  ['dev', '--data', data, '--port', String(port), '--edge-port', String(edgePort)],
  /revision (\d+) is live/,
);
t.teardown(async () => {
  await dev.stop();
  await rm(folder, { recursive: true, force: true });
});
const browser = await puppeteer.launch({
  executablePath: CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--no-proxy-server'],
});
t.teardown(() => browser.close());

const VIEWS = [
  { width: 1200, scheme: 'dark' },
  { width: 1920, scheme: 'light' },
  { width: 360, scheme: 'light' },
  { width: 360, scheme: 'dark' },
] as const;

/** What axe finds, as it says it. */
const VIOLATIONS = `axe.run().then(({ violations }) =>
  violations.flatMap(({ id, nodes }) => nodes.map(({ failureSummary, target }) => [id, target, failureSummary])))`;

const file = join(data, 'example/index.html');
const address = (edge: number) => `http://example.localhost:${edgePort + edge}/`;

interface View {
  readonly scheme?: 'light' | 'dark';
  readonly hasScripts?: boolean;
  readonly width?: number;
}

/** A tab that notes what goes wrong in it and what it asks for. */
async function openTab({ scheme = 'light', hasScripts = true, width = 1200 }: View = {}) {
  const tab = await browser.newPage();
  const errors: string[] = [];
  const asked = new Set<string>();
  tab.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warn') errors.push(message.text());
  });
  tab.on('pageerror', (error) => errors.push(String(error)));
  tab.on('request', (request) => asked.add(new URL(request.url()).host));
  await tab.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  await tab.setJavaScriptEnabled(hasScripts);
  await tab.setViewport({ width, height: 900 });
  return { tab, errors, asked };
}

async function photograph(tab: Page, name: string): Promise<void> {
  const pictures = process.env.SKERRY_SCREENSHOTS;
  if (pictures !== undefined) await tab.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

const textOf = (tab: Page, selector: string) =>
  tab.$$eval(selector, (found) => found.map(({ textContent }) => textContent?.trim() ?? ''));

/** Resolves with the text of the cards, when each shows the revision and what the save took. */
const cards = (tab: Page, revision: number) =>
  until(`revision ${revision} in all cards`, async () => {
    // A reload may be under way.
    const texts = await textOf(tab, '.edges li').catch(() => []);
    return (
      texts.length === EDGES.length && texts.every((text) => text.includes(`revision ${revision}`)) && texts
    );
  });

t.test('who answered, and the edges side by side', async (t) => {
  const { tab, errors, asked } = await openTab();
  await tab.goto(address(1));
  await cards(tab, 1);
  t.match(await textOf(tab, '#answered dd'), ['edge-2', 'us-east', '1', FOUND]);
  t.strictSame(await textOf(tab, '.path'), [file]);
  t.strictSame(await textOf(tab, '.edges [aria-current]'), ['edge-2']);
  t.strictSame(
    await tab.$$eval('.edges a', (links) => links.map(({ href }) => href)),
    EDGES.map((_, i) => address(i)),
  );
  t.strictSame([...asked].sort(), [`127.0.0.1:${edgePort + STATUS_OFFSET}`, new URL(address(1)).host].sort());
  t.same(errors, [], 'its own rules of content security let all of it through');
  await tab.close();
});

t.test('a save shows by itself, with what it moved on each edge', async (t) => {
  const { tab, errors } = await openTab();
  await tab.goto(address(0));
  await cards(tab, 1);
  await photograph(tab, 'before');
  await writeFile(file, (await readFile(file, 'utf8')).replace('A small island', 'A smaller island'));
  const texts = await cards(tab, 2);
  await until('the new headline', async () =>
    (await textOf(tab, 'h1').catch(() => []))[0]?.startsWith('A smaller island'),
  );
  const news = await until('what the save moved', async () => {
    const [text = ''] = await textOf(tab, '#news').catch(() => []);
    return text.includes('travelled in all') && text;
  });
  t.match(
    news,
    /^You saved index\.html \(\d\.\d\skB\), which is revision 2\. All 3 edges had it after \d+\.\d\d\ss; /,
  );
  t.equal(texts.length, EDGES.length);
  for (const text of await textOf(tab, '.arrival')) t.match(text, /^last save: \d+\.\d\d\ss, [\d.]+\sk?B$/);
  t.match(await textOf(tab, '#answered dd'), ['edge-1', 'eu-west', '2', FOUND]);
  t.same(errors, []);
  await photograph(tab, 'light');
  await tab.close();

  for (const view of VIEWS) {
    const { tab, errors } = await openTab(view);
    await tab.goto(address(0));
    await cards(tab, 2);
    t.ok(
      await tab.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth'),
      `${JSON.stringify(view)}: nothing sticks out`,
    );
    t.same(errors, []);
    await photograph(tab, `${view.width}-${view.scheme}`);
    await tab.close();
  }
});

t.test('without scripts the essentials are there', async (t) => {
  const { tab, errors } = await openTab({ hasScripts: false });
  await tab.goto(address(2));
  t.match((await textOf(tab, 'h1'))[0], /island off the mainland$/);
  t.strictSame(await textOf(tab, '.path'), [file]);
  t.strictSame(
    await tab.$$eval('.edges a', (links) => links.map(({ href }) => href)),
    EDGES.map((_, i) => address(i)),
  );
  t.match((await textOf(tab, '.next'))[0], 'npx skerry publish');
  t.equal(await tab.$eval('#answered', (part) => part.checkVisibility()), false, 'nothing empty is shown');
  t.same(errors, []);
  await photograph(tab, 'without-scripts');
  await tab.close();
});

t.test('a page that is not there', async (t) => {
  const { tab } = await openTab();
  const answer = await tab.goto(`${address(0)}nowhere`);
  t.equal(answer?.status(), 404);
  t.strictSame(await textOf(tab, 'h1'), ['Nothing on this rock']);
  await photograph(tab, 'missing');
  await tab.close();
});

t.test('it can be read by everybody', async (t) => {
  for (const scheme of ['light', 'dark'] as const) {
    const { tab } = await openTab({ scheme });
    await tab.goto(address(0));
    await cards(tab, 2);
    t.equal(await tab.$eval('#news', (news) => news.getAttribute('aria-live')), 'polite');
    // Contrast, landmarks, the order of headings, names of what can be reached, and 80 rules more.
    await tab.evaluate(axe.source);
    t.strictSame(await tab.evaluate(VIOLATIONS), [], scheme);
    await tab.close();
  }
});

t.test('the keyboard reaches every link, and shows where it is', async (t) => {
  const { tab } = await openTab();
  await tab.goto(address(0));
  await cards(tab, 2);
  const reached: string[] = [];
  for (let i = 0; i < EDGES.length; i++) {
    await tab.keyboard.press('Tab');
    reached.push((await tab.evaluate('document.activeElement.textContent')) as string);
    t.equal(await tab.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'solid');
  }
  t.strictSame(reached, EDGES);
  await tab.close();
});
