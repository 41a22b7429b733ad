import { execFile } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { cli } from '../../helpers/cli.ts';
import { loneOrigin } from '../../helpers/lone-origin.ts';
import { until } from '../../helpers/until.ts';

const LAUNCHER = join(import.meta.dirname, '../../../bin/launch.js');
const run = promisify(execFile);

const origin = await loneOrigin(t);
const asAdmin = (...args: string[]) => cli([...args, '--origin', origin.url, '--token', origin.token]);

t.test('open prints the address of a site and of an alias', async (t) => {
  await origin.client.putSite('shop', { domains: ['shop.example'] });
  await origin.put('shop', 'index.html', 'hello');
  await asAdmin('aliases', 'shop', '--set', 'pr-1', '--revision', '1');
  t.match(await asAdmin('open', 'shop'), { code: 0, stdout: 'http://shop.example/\n', stderr: '' });
  t.match(await asAdmin('open', 'shop@pr-1'), {
    stdout: /^http:\/\/pr-1--shop\.localhost:7500\/\n$/,
    stderr: '',
  });
  t.strictSame(JSON.parse((await asAdmin('open', 'shop', '--json')).stdout), { url: 'http://shop.example/' });
  t.match(await asAdmin('open', 'shop@pr-2'), { code: 1, stderr: /pr-2/ });
  t.match(await asAdmin('open', 'nope'), { code: 1, stderr: /nope/ });
  t.match(await asAdmin('open', 'shop@pr-1@x'), { code: 1, stderr: /is not SITE or SITE@ALIAS/ });
});

t.test('open starts the browser on a terminal with a display', async (t) => {
  await origin.client.putSite('seen', { domains: ['seen.example'] });
  const folder = t.testdir({
    'mimeapps.list': '[Default Applications]\nx-scheme-handler/http=fake.desktop\n',
    applications: {},
  });
  const browser = join(folder, 'browser');
  const opened = join(folder, 'opened');
  await writeFile(browser, `#!/bin/sh\necho "$1" > '${opened}'\n`);
  await chmod(browser, 0o755);
  // xdg-open starts the application for http addresses, or without one $BROWSER.
  const entry = `[Desktop Entry]\nType=Application\nName=Fake\nExec=${browser} %u\n`;
  await writeFile(join(folder, 'applications/fake.desktop'), entry);
  const env = {
    ...process.env,
    ...{ SKERRY_ORIGIN: origin.url, SKERRY_TOKEN: origin.token, DISPLAY: ':99', BROWSER: browser },
    ...{ SSH_CONNECTION: '', XDG_CURRENT_DESKTOP: '', DESKTOP_SESSION: '' },
    ...{ XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
  };
  // `script` gives the command a terminal.
  const { stdout } = await run(
    'script',
    ['-qec', `'${process.execPath}' '${LAUNCHER}' open seen`, '/dev/null'],
    { env, timeout: 60_000 },
  );
  t.match(stdout, 'http://seen.example/');
  // The shell creates the file before it writes the line.
  const url = await until('the browser', async () => {
    const line = await readFile(opened, 'utf8').catch(() => '');
    return line.endsWith('\n') && line;
  });
  t.equal(url.trim(), 'http://seen.example/');
});

t.test('init writes a configuration that publish reads, and replaces none', async (t) => {
  const folder = t.testdir({ public: { 'index.html': 'hello' } });
  const before = process.cwd();
  process.chdir(folder);
  t.teardown(() => process.chdir(before));
  const made = await cli(['init', 'notes', '--origin', origin.url]);
  t.match(made, { code: 0, stderr: '' });
  const text = await readFile('skerry.yaml', 'utf8');
  t.match(text, /^site: notes$/m);
  t.match(text, /^# /);
  t.match(await cli(['publish', 'public', '--token', origin.token]), { code: 0, stderr: '' });
  t.equal((await origin.client.site('notes')).revision, 1);
  t.match(await cli(['init', 'other']), { code: 1, stderr: /skerry\.yaml exists, and was left as it is/ });
  t.equal(await readFile('skerry.yaml', 'utf8'), text);
});

t.test('init takes the name of the folder if it can', async (t) => {
  const folder = t.testdir({ blog: {}, 'My Site': {} });
  const before = process.cwd();
  t.teardown(() => process.chdir(before));
  process.chdir(join(folder, 'blog'));
  t.match(await cli(['init']), { code: 0 });
  t.match(await readFile('skerry.yaml', 'utf8'), /^site: blog$/m);
  process.chdir(join(folder, 'My Site'));
  t.match(await cli(['init']), { code: 1, stderr: /"My Site" cannot be the name of a site/ });
});
