import { randomBytes } from 'node:crypto';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { sha256 } from '../helpers/http.ts';
import { type Host, reasonForNoNetwork, startNetwork } from '../helpers/namespaces.ts';
import { writeTree } from '../helpers/tree.ts';
import { type Recorded, recordWire, type Stream } from '../helpers/wire-recording.ts';

/**
 * Four hosts that follow README, with everything recorded that passes between them: an origin, a parent, its child, and
 * a host that publishes. Readers read on the hosts of the edges, because their plain HTTP would be found, of course.
 */

const ROOT = join(import.meta.dirname, '../..');
const SERVES = /serves on \S+/;
/** How a handshake of TLS begins: the type of the record, and its major version. */
const TLS_HANDSHAKE = [22, 3];
t.setTimeout(400_000);

const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
const installing = await readFile(join(ROOT, 'docs/installing.md'), 'utf8');

/** What nobody on the wire may see. The names are long enough that no cipher contains them by chance. */
interface Secrets {
  readonly sites: string[];
  readonly paths: string[];
  readonly contents: Buffer[];
  readonly apiTokens: string[];
  readonly joinTokens: string[];
}

const reason = await reasonForNoNetwork();
if (reason !== undefined) t.pass(`left out: ${reason}`, { skip: reason });
else {
  await t.test('README leads to TLS everywhere', async (t) => {
    const { secrets, recorded } = await followReadme(t, { isInsecure: false });
    for (const [kind, needles] of needlesOf(secrets))
      for (const needle of needles)
        t.notOk(recorded.has(needle), `${kind} ${shown(needle)} is not on the wire`);
    const clear = recorded.streams.filter((stream) => !isTls(stream));
    t.same(clear, [], `each of ${recorded.streams.length} streams begins with a handshake of TLS`);
  });

  await t.test('what --insecure sends is found', async (t) => {
    const { secrets, recorded } = await followReadme(t, { isInsecure: true });
    for (const [kind, needles] of needlesOf(secrets)) {
      const found = needles.filter((needle) => recorded.has(needle));
      // An edge proves that it has the secret of a join token, and does not send it.
      t.equal(found.length, kind === 'joinTokens' ? 0 : needles.length, `${kind} that are found`);
    }
    t.same(recorded.streams.filter(isTls), [], 'no stream looks like TLS');
  });
}

function isTls({ bytes }: Stream): boolean {
  return TLS_HANDSHAKE.every((byte, index) => bytes[index] === byte);
}

function needlesOf(secrets: Secrets): [kind: keyof Secrets, needles: Buffer[]][] {
  const texts = (values: readonly string[]) => values.map((value) => Buffer.from(value));
  return [
    ['sites', texts(secrets.sites)],
    ['paths', texts(secrets.paths)],
    ['contents', secrets.contents],
    ['apiTokens', texts(secrets.apiTokens.flatMap(partsOf))],
    ['joinTokens', texts(secrets.joinTokens.flatMap(partsOf))],
  ];
}

/** A token, its id and its secret. */
function partsOf(token: string): string[] {
  const [start = '', secret = ''] = token.split('.');
  return [token, start, secret];
}

function shown(needle: Buffer): string {
  return needle
    .toString('latin1')
    .replace(/[^\w.-]+/g, '')
    .slice(0, 12);
}

async function followReadme(
  t: Test,
  { isInsecure }: { readonly isInsecure: boolean },
): Promise<{ readonly secrets: Secrets; readonly recorded: Recorded }> {
  const folder = t.testdir({ bin: {} });
  await symlink(join(ROOT, 'bin/launch.js'), join(folder, 'bin/skerry'));
  const network = await startNetwork(t, {
    folder: join(folder, 'hosts'),
    names: ['origin', 'paris', 'lyon', 'desk'],
    environment: {
      PATH: `${join(folder, 'bin')}:${process.env.PATH ?? ''}`,
      ...(isInsecure && { SKERRY_INSECURE: 'true' }),
    },
  });
  const recording = await recordWire(network, join(folder, 'wire'));
  const [origin, paris, lyon, desk] = network.hosts;
  if (!origin || !paris || !lyon || !desk) throw new Error('a network of four hosts has four');

  const mark = randomBytes(6).toString('hex');
  const site = `docs-${mark}`;
  const paths = { logo: `logo-${mark}.svg`, page: `page-${mark}.html` };
  /** The same with the names of this test. */
  const here = (text: string) =>
    text
      .replaceAll(/\bdocs\b/g, site)
      .replaceAll('logo.svg', paths.logo)
      .replaceAll('https://', isInsecure ? 'http://' : 'https://');
  const said = (start: string) => here(commandOf(readme, start));

  t.comment('join an edge');
  await origin.start(said('skerry origin').replace(/ &$/, ''), /listens on/);
  const asAdmin = said('export SKERRY_ORIGIN');
  const create = said('skerry token create --scope join');
  const joinParis = await origin.must(`${asAdmin}\n${create}`);
  const joinLyon = await origin.must(`${asAdmin}\n${create.replace('paris', 'lyon')}`);
  const adminToken = await origin.must('cat /var/lib/skerry/admin-token');
  const [, scope = ''] = here(readme).match(/`--scope ('publish:\S+)'`/) ?? [];
  const publishToken = await origin.must(`${asAdmin}\nskerry token create --scope ${scope}'`);

  const [, feedPort] = readme.match(/^paris\$ echo .*( --feed-port \d+)$/m) ?? [];
  const [, parent] = readme.match(/^lyon\$ echo .*( --parent \S+)$/m) ?? [];
  if (feedPort === undefined || parent === undefined) throw new Error('README no longer explains trees so');
  await paris.start(joinParis + feedPort, SERVES);
  const lyonToken = tokenIn(joinLyon);
  await lyon.start(
    `printf %s ${lyonToken} >join-token
    export ${here(environmentOfEdge()).replaceAll('paris', 'lyon').replaceAll('\n', ' ')}
    export SKERRY_DATA=/var/lib/skerry-edge${here(parent).replace(' --parent ', ' SKERRY_PARENT=')}
    mkdir /var/log/skerry-edge
    skerry edge --join @join-token`,
    SERVES,
  );

  t.comment('publish');
  const body = randomBytes(300_000);
  const contents = Array.from({ length: 4 }, () => randomBytes(40));
  const [first = body, second = body, inLarge = body, inLogo = body] = contents;
  const large = Buffer.concat([randomBytes(6_000_000), inLarge, randomBytes(1_000_000)]);
  const logo = Buffer.concat([randomBytes(5_000), inLogo]);
  const tree = join(desk.folder, 'public');
  const firstPage = Buffer.concat([body, first]);
  const secondPage = Buffer.concat([body.subarray(0, 100_000), second, body.subarray(100_000)]);
  await writeFile(join(desk.folder, paths.logo), logo);
  const asPublisher = said('export SKERRY_ORIGIN=https://origin.example:7400 SKERRY_TOKEN=sk_');
  const withToken = (token: string, command: string) =>
    desk.must(`${asPublisher.replace('sk_…', token)}\n${command}`);
  if (isInsecure) await writeFile(join(desk.folder, 'ca.pem'), '');
  else await origin.must(`cp /var/lib/skerry/ca.pem ${desk.folder}`);
  t.match(await desk.must(said('curl --cacert ca.pem https')), '"ok"');
  await withToken(adminToken, said('skerry sites set docs'));

  await writeTree(tree, { 'index.html': 'one', [paths.page]: firstPage, 'large.bin': large });
  const publish = said('skerry publish ./public');
  t.match(await withToken(publishToken, publish), /visible on 2 online edges/);
  await withToken(publishToken, said('curl --cacert ca.pem -X PUT'));
  const files = { [paths.page]: secondPage, 'large.bin': large, [`img/${paths.logo}`]: logo };
  await writeTree(tree, { 'index.html': 'two', ...files });
  await withToken(publishToken, `${publish} --mode sync`);

  t.comment('read, on the hosts of the edges');
  for (const edge of [paris, lyon])
    for (const [path, content] of Object.entries(files)) {
      const get = `curl -sf -H 'Host: ${site}.example' http://127.0.0.1/${path} | sha256sum`;
      t.match(await edge.must(get), sha256(content), `${edge.name} serves ${path}`);
    }
  const { edges } = JSON.parse(await withToken(adminToken, 'skerry edges --json'));
  t.match(edges, [
    { name: 'lyon', parent: 'paris' },
    { name: 'paris', parent: null },
  ]);

  await network.cutPower();
  const recorded = await recording.end();
  t.strictSame(
    [...new Set(recorded.streams.map(({ from, to }) => connection(network.hosts, { from, to })))].sort(),
    ['desk to origin:7400', 'lyon to origin:7400', 'lyon to paris:7501', 'paris to origin:7400'],
    'the recording holds all connections that there should be, and no others',
  );
  t.comment(`${recorded.streams.length} streams`);
  return {
    recorded,
    secrets: {
      ...{ sites: [site], paths: Object.values(paths), contents },
      apiTokens: [adminToken, publishToken],
      joinTokens: [tokenIn(joinParis), lyonToken],
    },
  };
}

/** The command of a page that begins so, with the lines that continue it. */
function commandOf(page: string, start: string): string {
  const lines = page.split('\n');
  const first = lines.findIndex((line) => line.startsWith(`$ ${start}`));
  if (first === -1) throw new Error(`README no longer says: ${start}`);
  let last = first;
  while (lines[last]?.endsWith('\\')) last++;
  return lines
    .slice(first, last + 1)
    .join('\n')
    .slice(2);
}

/** The settings of an edge that the page about hosts with systemd shows. */
function environmentOfEdge(): string {
  const [, settings] = installing.match(/edge\.env <<END\n([^#]+)\nEND$/m) ?? [];
  if (settings === undefined) throw new Error('docs/installing.md no longer shows edge.env so');
  return settings;
}

function tokenIn(command: string): string {
  return command.match(/skj_\S+/)?.[0] ?? '';
}

/** Who connected to whom, whichever end sent the stream: the server has the port that is known. */
function connection(hosts: readonly Host[], { from, to }: Pick<Stream, 'from' | 'to'>): string {
  const named = (endpoint: string) => {
    const [address, port = ''] = endpoint.split(':');
    return { name: hosts.find((host) => host.address === address)?.name ?? endpoint, port };
  };
  const [one, other] = [named(from), named(to)];
  const [client, server] = Number(one.port) > Number(other.port) ? [one, other] : [other, one];
  return `${client.name} to ${server.name}:${server.port}`;
}
