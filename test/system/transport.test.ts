import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { memberCertificate } from '../../edge/feed/member-certificate.ts';
import { generateSigningKey } from '../../shared/signing/keys.ts';
import { authorityOf, EXPIRED, foreignCertificate, testAuthority } from '../helpers/certificates.ts';
import { cli } from '../helpers/cli.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { ask, read } from '../helpers/http.ts';
import { type Running, start } from '../helpers/processes.ts';
import { tlsListener, tlsRelay } from '../helpers/tls-listener.ts';
import { until } from '../helpers/until.ts';

const run = promisify(execFile);
t.setTimeout(600_000);

/** The address of this machine that others use. */
const address = Object.values(networkInterfaces())
  .flat()
  .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
if (address === undefined) throw new Error('this machine has no address beyond loopback');

const folder = await mkdtemp(join(tmpdir(), 'skerry-'));
const [originPort = 0, port = 0, adminPort = 0, feedPort = 0, childPort = 0, childAdminPort = 0] =
  await freePorts(6);
const data = join(folder, 'origin');
const url = `https://${address}:${originPort}`;
const running: Running[] = [];
t.teardown(async () => {
  await Promise.all(running.map((each) => each.stop()));
  await rm(folder, { recursive: true, force: true });
});

async function role(...args: string[]): Promise<Running> {
  const started = await start(args, /(listens|serves) on \S+/);
  running.push(started);
  return started;
}

const edgeArgs = (name: string, ports: { port: number; adminPort: number }) => [
  ...['edge', '--data', join(folder, name), '--port', String(ports.port)],
  ...['--admin-port', String(ports.adminPort)],
];
const joining = (name: string, token: string, origin = url) => [
  ...['--origin', origin, '--join', token, '--name', name, '--region', 'r'],
];

const origin = await role('origin', '--data', data, '--host', '0.0.0.0', '--port', String(originPort));
const token = (await readFile(join(data, 'admin-token'), 'utf8')).trim();
const environment = { SKERRY_ORIGIN: url, SKERRY_TOKEN: token };
const skerry = (...args: string[]) => cli(args, environment);
async function joinToken(edge: string): Promise<string> {
  const { code, stdout, stderr } = await skerry('token', 'create', '--scope', 'join', '--edge', edge);
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}

await role(
  ...edgeArgs('paris', { port, adminPort }),
  ...joining('paris', await joinToken('paris')),
  ...['--host', '0.0.0.0', '--feed-port', String(feedPort)],
);
const childArgs = edgeArgs('oslo', { port: childPort, adminPort: childAdminPort });
let child = await role(
  ...[...childArgs, ...joining('oslo', await joinToken('oslo'))],
  ...['--parent', `https://paris@${address}:${feedPort}`],
);

t.test('a publish reaches an edge and its child over TLS', async (t) => {
  t.match(origin.ready[0], 'https://0.0.0.0', 'beyond loopback, the origin speaks TLS');
  const site = t.testdir({ 'index.html': 'over TLS' });
  const { code, stderr } = await skerry('publish', site, '--site', 'docs', '--wait');
  t.equal(code, 0, stderr);
  for (const edge of [`http://127.0.0.1:${port}`, `http://127.0.0.1:${childPort}`])
    t.equal((await read(edge, 'docs', 'index.html')).body.toString(), 'over TLS');
  const { edges } = JSON.parse((await skerry('edges', '--json')).stdout);
  t.match(edges, [
    { name: 'oslo', parent: 'paris' },
    { name: 'paris', parent: null },
  ]);
});

t.test('curl needs ca.pem alone', async (t) => {
  const get = (place: string, ...args: string[]) =>
    run('curl', ['-sS', '--cacert', join(data, 'ca.pem'), ...args, `${place}/healthz`]);
  t.match((await get(url)).stdout, '"ok"', 'by address');
  t.match((await get(`https://localhost:${originPort}`)).stdout, '"ok"', 'by name');
  const name = 'origin.example';
  const resolved = ['--resolve', `${name}:${originPort}:127.0.0.1`];
  t.match((await get(`https://${name}:${originPort}`, ...resolved)).stdout, '"ok"', 'by any other name');
  await t.rejects(run('curl', ['-sS', `${url}/healthz`]), { code: 60 });
});

t.test('one command joins an edge on another host', async (t) => {
  const create = ['token', 'create', '--scope', 'join', '--edge', 'rome', '--command'];
  t.match((await skerry(...create)).stderr, '--region is needed');
  const local = { ...environment, SKERRY_ORIGIN: `https://127.0.0.1:${originPort}` };
  const { code, stdout } = await cli([...create, '--region', 'eu-south'], local);
  t.equal(code, 0);
  const [, secret = '', words = ''] = /^echo (skj_\S+) \| skerry (.*)\n$/.exec(stdout) ?? [];
  t.match(words, `--join - --origin https://`);
  const [port = 0, adminPort = 0] = await freePorts(2);
  const here = words.replace('--join -', `--join ${secret}`).split(' ');
  const rome = await role(...here, ...edgeArgs('rome', { port, adminPort }).slice(1));
  t.match(rome.ready[0], 'serves on');

  const nobody = await cli(['edge', 'replace', 'nobody', '--command'], local);
  t.match(nobody, { code: 1, stderr: /there is no edge nobody/ });
  const replacing = await cli(['edge', 'replace', 'rome', '--command'], local);
  t.equal(replacing.stdout.replace(/skj_\S+/, secret), stdout, 'the same command, with its own token');
  const [moved] = /skj_\S+/.exec(replacing.stdout) ?? [];
  t.not(moved, secret);
  const elsewhere = await cli(['edge', 'replace', 'rome', '--command', '--region', 'eu-north'], local);
  t.match(elsewhere.stdout, ' --name rome --region eu-north ');
});

t.test('no token travels in clear', async (t) => {
  const plain = url.replace('https', 'http');
  const refused = await cli(['status'], { ...environment, SKERRY_ORIGIN: plain });
  t.equal(refused.code, 1);
  t.match(refused.stderr, /unencrypted/);
  const told = await cli(['status', '--insecure'], { ...environment, SKERRY_ORIGIN: plain });
  t.match(told.stderr, /this port speaks TLS\. Give the address as https/);
  const [port = 0, adminPort = 0] = await freePorts(2);
  const edge = [
    ...edgeArgs('clear', { port, adminPort }),
    ...joining('clear', await joinToken('clear'), plain),
  ];
  await t.rejects(role(...edge), /unencrypted to http:.*--insecure/s);
});

t.test(
  'a middleman gets nothing, nor does another member than the parent, and everybody says why',
  async (t) => {
    const authority = await authorityOf(data);
    const table = [
      ['foreign', await foreignCertificate(t.testdir()), /another CA.*--ca/s, 'untrusted-certificate'],
      ['expired', await authority.issue(EXPIRED), / expired on .*clock/s, 'certificate-dates'],
      ['other', await (await testAuthority('b'.repeat(32))).issue(), /another log .*token/s, 'other-log'],
    ] as const;
    const middlemen = await Promise.all(
      table.map(async ([name, shown, said, code]) => ({ name, said, code, ...(await tlsListener(shown)) })),
    );
    t.teardown(() => {
      for (const { close } of middlemen) close();
    });
    for (const { name, said, ...middleman } of middlemen) {
      const status = await cli(['status'], { ...environment, SKERRY_ORIGIN: middleman.url });
      t.equal(status.code, 1, name);
      t.match(status.stderr, said, `${name}: CLI`);

      const [port = 0, adminPort = 0] = await freePorts(2);
      const secret = await joinToken(name);
      const edge = [...edgeArgs(name, { port, adminPort }), ...joining(name, secret, middleman.url)];
      await t.rejects(role(...edge), said, `${name}: edge that joins`);
    }

    await child.stop();
    child = await role(
      ...[...childArgs, ...middlemen.flatMap(({ url }) => ['--parent', url])],
      ...['--parent', `https://oslo@${address}:${feedPort}`],
    );
    for (const { name, code, heard, connections, url } of middlemen) {
      await until(`the child to say why it leaves the ${name} one`, async () =>
        (await faultsOfChild()).some((fault) => fault.code === code && fault.upstream === url),
      );
      t.equal(heard(), '', `${name}: nothing was sent`);
      t.ok(connections() >= 3, name);
    }
    await until('the child to refuse another edge than the one that it was given', async () =>
      (await faultsOfChild()).some(({ code }) => code === 'not-a-member'),
    );
  },
);

async function faultsOfChild(): Promise<{ code: string; upstream: string }[]> {
  const { body } = await ask(`http://127.0.0.1:${childAdminPort}`, '/status');
  return JSON.parse(body.toString()).faults;
}

t.test(
  'an edge joins through a parent, and not through a stranger that shows such a certificate',
  async (t) => {
    const ports = async () => {
      const [port = 0, adminPort = 0] = await freePorts(2);
      return { port, adminPort };
    };
    const feed = `https://${address}:${feedPort}`;
    const joined = await role(
      ...[...edgeArgs('bern', await ports()), ...joining('bern', await joinToken('bern'), feed)],
      ...['--parent', feed],
    );
    t.match(joined.ready[0], 'serves on');
    // The stranger passes everything on. So the join itself is good, and only the key tells.
    const relay = await tlsRelay(await memberCertificate('paris', generateSigningKey()), feedPort, address);
    t.teardown(relay.close);
    const args = [...edgeArgs('kyiv', await ports()), ...joining('kyiv', await joinToken('kyiv'), relay.url)];
    await t.rejects(role(...args), /belongs to no member of this log/);
  },
);

t.test('the child follows its parent again when it is given the right address', async (t) => {
  await child.stop();
  child = await role(...childArgs, '--parent', `https://${address}:${feedPort}`);
  const site = t.testdir({ 'index.html': 'again' });
  const { code, stderr } = await skerry('publish', site, '--site', 'docs', '--wait');
  t.equal(code, 0, stderr);
  // The publish does not wait for a child whose lease has ended meanwhile.
  await until('the child to show it', async () => {
    const { body } = await read(`http://127.0.0.1:${childPort}`, 'docs', 'index.html');
    return body.toString() === 'again';
  });
});
