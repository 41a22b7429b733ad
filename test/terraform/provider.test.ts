import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { DEFAULT_POLICY } from '../../shared/site/site-policy.ts';
import { joinAsMember } from '../fault/attacks/members.ts';
import { writeCertificate } from '../helpers/certificates.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { type LoneOrigin, loneOrigin } from '../helpers/lone-origin.ts';
import { type Terraform, terraformHere } from '../helpers/terraform.ts';

const origin = await loneOrigin(t);
const provider = ({ url, token }: Pick<LoneOrigin, 'url' | 'token'> = origin) =>
  `provider "skerry" {\n  origin = "${url}"\n  token = "${token}"\n}\n`;

async function writeSite(terraform: Terraform, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(terraform.folder, 'www');
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

t.test('a site is created, changed, found changed by others, imported and deleted', async (t) => {
  const terraform = await terraformHere(t);
  const site = (settings: string) =>
    terraform.configure(`${provider()}resource "skerry_site" "docs" {\n  name = "docs"\n${settings}\n}\n`);
  await site('domains = ["docs.example"]\nretention = { revisions = 5 }');
  t.match(await terraform.apply(), { code: 0, output: /1 added/ });
  t.match(await origin.client.site('docs'), {
    domains: ['docs.example'],
    policy: { mode: 'async', retention: { revisions: 5, days: 7 } },
  });
  t.equal((await terraform.plan()).code, 0, 'a second plan is empty');

  await site('mode = "sync"\nsync = { quorum = 2, timeout = 20 }');
  t.match(await terraform.apply(), { code: 0, output: /1 changed/ });
  t.match(await origin.client.site('docs'), {
    domains: [],
    policy: { mode: 'sync', sync: { require: { quorum: 2 }, timeout: 20 }, retention: { revisions: 10 } },
  });

  await origin.client.putSite('docs', { policy: { pinned: ['/a/*'] } });
  t.match(await terraform.plan(), { code: 2, output: /pinned/ }, 'drift is shown');
  t.equal((await terraform.apply()).code, 0);
  t.strictSame((await origin.client.site('docs')).policy.pinned, [], 'and is undone');

  t.equal((await terraform.run('state', 'rm', 'skerry_site.docs')).code, 0);
  t.match(await terraform.apply(), { code: 1, output: /already a site docs.*\n*.*terraform import/s });
  t.equal((await terraform.run('import', '-no-color', 'skerry_site.docs', 'docs')).code, 0);
  t.equal((await terraform.plan()).code, 0, 'what is imported is as it was');
  t.match(await terraform.run('import', '-no-color', 'skerry_site.none', 'none'), { code: 1 });

  await origin.client.deleteSite('docs');
  t.match(await terraform.plan(), { code: 2, output: /will be created/ }, 'what is gone is created');
  t.match(await terraform.run('destroy', '-auto-approve', '-no-color'), { code: 0 });
});

t.test('a site has previews and a quota', async (t) => {
  const terraform = await terraformHere(t);
  const site = (settings: string) =>
    terraform.configure(`${provider()}resource "skerry_site" "pre" {\n  name = "pre"\n${settings}\n}\n`);
  const key = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' });
  await site(
    `domains = ["www.pre.example"]
    private = { keys = ["${key.toString('base64url')}"], paths = ["/members/*"] }
    previews = { domain = "preview.example.com", under = ["www.pre.example"], private = true }
    quota = { bytes = 1000000, file_bytes = 5000 }`,
  );
  const applied = await terraform.apply();
  t.equal(applied.code, 0, applied.output);
  t.match((await origin.client.site('pre')).policy, {
    previews: { domain: 'preview.example.com', under: ['www.pre.example'], private: true },
    quota: { bytes: 1_000_000, files: null, fileBytes: 5000 },
  });
  t.equal((await terraform.plan()).code, 0, 'a second plan is empty');
  await origin.client.putSite('pre', { policy: { quota: { files: 3 } } });
  t.match(await terraform.plan(), { code: 2, output: /quota/ }, 'drift is shown');
  await site('');
  t.equal((await terraform.apply()).code, 0);
  const { previews, quota } = DEFAULT_POLICY;
  t.match((await origin.client.site('pre')).policy, { previews, quota }, 'what is left out has its default');
  t.equal((await terraform.plan()).code, 0);
});

t.test('a fault in the configuration is named at its attribute', async (t) => {
  const terraform = await terraformHere(t);
  const cases: [resource: string, output: RegExp][] = [
    ['resource "skerry_site" "a" {\n  name = "Not a name"\n}', /name = "Not a name"[\s\S]*63 lower-case/],
    ['resource "skerry_site" "a" {\n  name = "a"\n  mode = "later"\n}', /mode = "later"[\s\S]*bad-policy/],
    [
      'resource "skerry_site" "a" {\n  name = "a"\n  batch = { cron = "every day" }\n}',
      /batch = [\s\S]*five\s+fields/,
    ],
    [
      'resource "skerry_edge" "a" {\n  name = "a"\n  region = "r"\n  storage = "half"\n}',
      /storage = "half"[\s\S]*"lazy"/,
    ],
    ['resource "skerry_site" "a" {\n  name = "a"\n  quota = { files = -1 }\n}', /quota = [\s\S]*bad-policy/],
    [
      'resource "skerry_site" "a" {\n  name = "a"\n  previews = { private = true }\n}',
      /previews = [\s\S]*bad-policy/,
    ],
    ['resource "skerry_publish" "a" {\n  site = "a"\n  folder = "/none"\n}', /folder = "\/none"/],
  ];
  for (const [resource, output] of cases) {
    await terraform.configure(`${provider()}${resource}\n`);
    t.match(await terraform.plan(), { code: 1, output });
  }
});

t.test('a folder is published when its files differ from what is live', async (t) => {
  const terraform = await terraformHere(t);
  const folder = await writeSite(terraform, { 'index.html': 'one' });
  await terraform.configure(
    `${provider()}resource "skerry_site" "www" {\n  name = "www"\n  force_destroy = true\n}
resource "skerry_publish" "www" {\n  site = skerry_site.www.name\n  folder = "${folder}"\n  message = "by hand"\n}
data "skerry_site" "www" {\n  name = skerry_publish.www.site\n}
data "skerry_revision" "www" {\n  site = "www"\n  revision = skerry_publish.www.revision\n}
output "files" {\n  value = data.skerry_site.www.files\n}
output "state" {\n  value = data.skerry_revision.www.state\n}\n`,
  );
  t.match(await terraform.apply(), { code: 0, output: /files = 1\nstate = "activated"/ });
  t.match(await origin.client.revisions('www'), [{ revision: 1, message: 'by hand' }]);
  t.equal((await terraform.plan()).code, 0);

  await writeSite(terraform, { 'index.html': 'two' });
  t.match(await terraform.plan(), { code: 2, output: /digest/ }, 'a changed file is in the plan');
  t.equal((await terraform.run('plan', '-out=plan')).code, 0);
  await writeSite(terraform, { 'index.html': 'three' });
  t.match(await terraform.run('apply', '-no-color', 'plan'), {
    code: 1,
    output: /inconsistent final plan[\s\S]*digest/,
  });
  t.equal((await origin.client.site('www')).revision, 1, 'what was not in the plan is not published');
  t.equal((await terraform.apply()).code, 0);
  t.equal((await origin.client.site('www')).revision, 2);

  await origin.client.rollback('www', { to: 1 });
  t.match(await terraform.plan(), { code: 2, output: /skerry_publish.www will be updated/ });
  t.equal((await terraform.apply()).code, 0);
  t.equal((await origin.client.site('www')).revision, 4);
  t.match(await terraform.run('destroy', '-auto-approve', '-no-color'), { code: 0 });
  t.notOk((await origin.client.sites()).some(({ name }) => name === 'www'));
});

t.test('an edge waits, joins, drifts, is deleted, and comes again under its name', async (t) => {
  const terraform = await terraformHere(t);
  const edge = (settings: string) =>
    terraform.configure(
      `${provider()}resource "skerry_edge" "oslo" {\n  name = "oslo"\n  region = "r"\n  drain_seconds = 0\n${settings}\n}\n`,
    );
  const state = async () => terraform.attributes('skerry_edge.oslo');
  const token = async () => String((await state())?.join_token);
  await edge('labels = ["canary"]');
  t.equal((await terraform.apply()).code, 0);
  t.match(await state(), {
    state: 'waiting',
    arguments: ['--name=oslo', '--region=r', '--label=canary'],
  });
  t.equal((await terraform.plan()).code, 0);

  await edge('labels = ["canary"]\nsites = ["docs"]');
  const first = await token();
  t.match(await terraform.apply(), { code: 0, output: /1 changed/ });
  t.not(await token(), first, 'a token holds the sites, so there is another one');
  t.notOk((await origin.client.tokens()).some(({ id, state }) => first.includes(id) && state === 'valid'));

  const joined = await joinAsMember(origin, 'oslo', ['docs'], await token());
  t.teardown(() => joined.upstream.close());
  t.match(await terraform.plan(), { code: 2, output: /labels/ }, 'the host has joined without its label');
  t.equal((await terraform.apply()).code, 0);
  t.match(await origin.client.edges(), [{ name: 'oslo', labels: ['canary'], mayRead: ['docs'] }]);

  await origin.client.limitEdge('oslo', null);
  t.match(await terraform.plan(), { code: 2, output: /sites/ });
  await origin.client.changeEdge('oslo', 'revoke');
  t.match(await terraform.plan(), { code: 2, output: /will be created/ });
  t.equal((await terraform.apply()).code, 0);
  await edge('labels = ["canary"]\nsites = ["docs", "www"]');
  t.match(await terraform.apply(), { code: 0, output: /1 changed/ }, 'the sites change while it waits');
  await edge('labels = ["canary"]\nsites = ["docs"]');
  t.equal((await terraform.apply()).code, 0);
  const again = await joinAsMember(origin, 'oslo', ['docs'], await token());
  t.teardown(() => again.upstream.close());
  t.match(await origin.client.edges(), [{ name: 'oslo', revoked: false, mayRead: ['docs'] }]);

  t.match(await terraform.run('destroy', '-auto-approve', '-no-color'), { code: 0 });
  t.match(await origin.client.edges(), [{ name: 'oslo', revoked: true }]);
});

t.test('tokens: one that stays, and one that leaves no trace', async (t) => {
  const terraform = await terraformHere(t);
  await terraform.configure(
    `${provider()}resource "skerry_token" "ci" {\n  scope = "publish:docs"\n}
ephemeral "skerry_token" "run" {\n  scope = "read"\n}
resource "terraform_data" "used" {\n  depends_on = [skerry_token.ci]\n  provisioner "local-exec" {
    command = "curl -sf -H \\"authorization: Bearer $TOKEN\\" ${origin.url}/v1/edges"
    environment = { TOKEN = ephemeral.skerry_token.run.token }\n  }\n}\n`,
  );
  t.match(await terraform.apply(), { code: 0 });
  const id = String((await terraform.attributes('skerry_token.ci'))?.id);
  const known = await origin.client.tokens();
  t.match(
    known.find((one) => one.id === id),
    { scope: 'publish:docs', state: 'valid' },
  );
  t.ok(known.filter(({ scope }) => scope === 'read').length > 0);
  t.notOk(
    known.some(({ scope, state }) => scope === 'read' && state === 'valid'),
    'it was revoked',
  );
  await origin.client.revokeToken(id);
  t.match(await terraform.plan(), { code: 2, output: /will be created/ });
  t.equal((await terraform.run('destroy', '-auto-approve', '-no-color')).code, 0);
});

t.test('secrets are in no log, and the token of the provider is in no state', async (t) => {
  const terraform = await terraformHere(t);
  await terraform.configure(
    `${provider()}resource "skerry_edge" "quiet" {\n  name = "quiet"\n  region = "r"\n}\n`,
  );
  const log = join(terraform.folder, 'trace.log');
  process.env.TF_LOG = 'trace';
  process.env.TF_LOG_PATH = log;
  t.teardown(() => {
    delete process.env.TF_LOG;
    delete process.env.TF_LOG_PATH;
  });
  const { code, output } = await terraform.apply();
  t.equal(code, 0);
  const joinToken = String((await terraform.attributes('skerry_edge.quiet'))?.join_token);
  const written = output + (await readFile(log, 'utf8'));
  for (const secret of [origin.token, joinToken]) t.notOk(written.includes(secret));
  t.notOk((await terraform.stateText()).includes(origin.token));
  t.equal((await terraform.run('destroy', '-auto-approve')).code, 0);
});

t.test('a certificate of an own CA is trusted when `ca` names the CA', async (t) => {
  const certificate = join(t.testdir(), 'origin');
  await writeCertificate(certificate, ['localhost']);
  const [tlsCert, tlsKey] = [`${certificate}.crt`, `${certificate}.key`];
  const secure = await loneOrigin(t, { tlsCert, tlsKey });
  const url = secure.url.replace('127.0.0.1', 'localhost');
  const terraform = await terraformHere(t);
  const site = (ca: string) =>
    terraform.configure(
      `provider "skerry" {\n  origin = "${url}"\n  token = "${secure.token}"\n${ca}\n}\nresource "skerry_site" "own" {\n  name = "own"\n}\n`,
    );
  const cases: [ca: string, applied: object][] = [
    ['', { code: 1, output: /certificate[\s\S]*--ca/ }],
    ['ca = "/none.crt"', { code: 1, output: /`ca`\s+\/none\.crt\s+is\s+not\s+a\s+certificate[\s\S]*ENOENT/ }],
    [`ca = "${tlsKey}"`, { code: 1, output: /`ca`\s[\s\S]*not\s+a\s+certificate/ }],
    ['ca = "-----BEGIN CERTIFICATE-----"', { code: 1, output: /`ca`\s[\s\S]*not\s+a\s+certificate/ }],
    [`ca = "${tlsCert}"`, { code: 0, output: /1 added/ }],
    [`ca = file("${tlsCert}")`, { code: 0, output: /No changes/ }],
  ];
  for (const [ca, applied] of cases) {
    await site(ca);
    t.match(await terraform.apply(), applied, ca);
  }
  const byVariable = await terraformHere(t, { SKERRY_CA: tlsCert });
  await byVariable.configure(
    `provider "skerry" {\n  origin = "${url}"\n  token = "${secure.token}"\n}\ndata "skerry_site" "own" {\n  name = "own"\n}\n`,
  );
  t.match(await byVariable.apply(), { code: 0 });
});

t.test('values that only an apply can tell are planned as unknown', async (t) => {
  const terraform = await terraformHere(t);
  const folder = await writeSite(terraform, { 'index.html': 'x' });
  await terraform.configure(
    `${provider()}resource "terraform_data" "given" {\n  input = { site = "late", folder = "${folder}", url = "${origin.url}", quorum = 3 }\n}
locals {\n  given = terraform_data.given.output\n}
resource "skerry_site" "late" {\n  name = local.given.site\n  sync = { quorum = local.given.quorum }\n  force_destroy = true\n}
resource "skerry_publish" "late" {\n  site = skerry_site.late.name\n  folder = local.given.folder\n}\n`,
  );
  t.match(await terraform.apply(), { code: 0, output: /3 added/ });
  t.match(await origin.client.site('late'), { revision: 1, policy: { sync: { require: { quorum: 3 } } } });
  t.equal((await terraform.plan()).code, 0);
  t.equal((await terraform.run('destroy', '-auto-approve')).code, 0);
});

t.test('two applies at a time', async (t) => {
  const [one, two] = [await terraformHere(t), await terraformHere(t)];
  const sites = (prefix: string) =>
    `${provider()}resource "skerry_site" "s" {\n  count = 12\n  name = "${prefix}-\${count.index}"\n}\n`;
  await one.configure(sites('one'));
  await two.configure(sites('two'));
  const applied = await Promise.all([one.apply(), two.apply()]);
  t.match(applied, [{ code: 0 }, { code: 0 }]);
  t.equal((await origin.client.sites()).filter(({ name }) => /^(one|two)-/.test(name)).length, 24);
  const gone = [one, two].map((each) => each.run('destroy', '-auto-approve'));
  t.match(await Promise.all(gone), [{ code: 0 }, { code: 0 }]);
});

t.test('an origin that is down, or answers 500, leaves the state intact', async (t) => {
  const terraform = await terraformHere(t);
  const site = (url: string, domains = '') =>
    terraform.configure(
      `${provider({ url, token: origin.token })}resource "skerry_site" "kept" {\n  name = "kept"\n${domains}\n}\n`,
    );
  await site(origin.url);
  t.equal((await terraform.apply()).code, 0);
  const before = await terraform.stateText();
  const [closed = 0] = await freePorts(1);
  const broken = createServer((_request, response) => response.writeHead(500).end('no'));
  broken.listen(0, '127.0.0.1');
  await once(broken, 'listening');
  t.teardown(() => void broken.close());
  const { port } = broken.address() as AddressInfo;
  const cases: [port: number, output: RegExp][] = [
    [closed, /does not answer[\s\S]*Start the origin/],
    [port, /answers\s+500[\s\S]*reverse proxy/],
  ];
  for (const [at, output] of cases) {
    await site(`http://127.0.0.1:${at}`, 'domains = ["kept.example"]');
    t.match(await terraform.apply(), { code: 1, output });
    t.match(await terraform.apply('-refresh=false'), { code: 1, output });
    t.match(await terraform.run('destroy', '-auto-approve', '-no-color'), { code: 1 });
    const { resources } = JSON.parse(await terraform.stateText());
    t.strictSame(resources, JSON.parse(before).resources);
  }
  await site(origin.url);
  t.equal((await terraform.plan()).code, 0);
  t.equal((await terraform.run('destroy', '-auto-approve')).code, 0);
  t.equal((await terraform.run('destroy', '-auto-approve')).code, 0, 'a second time');
});
