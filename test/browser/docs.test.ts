import puppeteer from 'puppeteer-core';
import t from 'tap';
import { loneOrigin } from '../helpers/lone-origin.ts';

/** A real browser shows the description of the API. `npm run test:browser`. */
const CHROMIUM = process.env.SKERRY_CHROMIUM ?? '/usr/bin/chromium';

t.test('/docs shows every operation, and asks no other host', async (t) => {
  const origin = await loneOrigin(t);
  const browser = await puppeteer.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--no-proxy-server'],
  });
  t.teardown(() => browser.close());
  const page = await browser.newPage();
  const asked: string[] = [];
  const faults: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  await page.goto(`${origin.url}/docs`);
  await page.waitForSelector('.opblock-summary-description', { timeout: 30_000 });
  const described = await page.$$eval('.opblock-summary-description', (shown) =>
    shown.map(({ textContent }) => textContent),
  );
  t.ok(described.length > 50, `${described.length} operations`);
  t.ok(described.includes('Publishes one file'));
  await page.click('.opblock-put .opblock-summary-control');
  await page.waitForSelector('.opblock-body .example', { timeout: 30_000 });
  t.strictSame(
    asked.filter((url) => !url.startsWith(`${origin.url}/`) && !url.startsWith('data:')),
    [],
    'no other host',
  );
  t.strictSame(faults, []);
});
