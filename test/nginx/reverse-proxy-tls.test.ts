import { join } from 'node:path';
import t from 'tap';
import { writeCertificate } from '../helpers/certificates.ts';
import { startCluster } from '../helpers/cluster.ts';
import { ask, read } from '../helpers/http.ts';
import { type Nginx, startNginx } from '../helpers/nginx.ts';
import { skerry } from '../helpers/processes.ts';
import { writeTree } from '../helpers/tree.ts';

/** The origin speaks plain HTTP on loopback, and nginx TLS in front of it, with a certificate of one's own. */
const SITE = 'www';
const home = t.testdir({});
const certificate = join(home, 'origin');
await writeCertificate(certificate, ['localhost']);
// As docs/operations.md says.
const ca = `${certificate}.crt`;
let proxy: Nginx | undefined;
let secure = '';
const cluster = await startCluster({
  edges: 2,
  args: () => ['--ca', ca],
  async originUrl(origin) {
    proxy = await startNginx({
      folder: home,
      home: join(home, 'nginx'),
      certificate,
      directives: `client_max_body_size 0; location / { proxy_pass ${origin}; }`,
    });
    secure = proxy.secureUrl?.replace('127.0.0.1', 'localhost') ?? '';
    return secure;
  },
});
t.teardown(async () => {
  await cluster.close();
  await proxy?.stop();
});
const run = (...args: string[]) =>
  skerry(args, {
    cwd: cluster.folder,
    env: { SKERRY_ORIGIN: secure, SKERRY_TOKEN: cluster.token, SKERRY_CA: ca },
  });

t.test('edges join, follow and report over TLS, and the token is sent without --insecure', async (t) => {
  for (const text of ['one', 'two', 'three']) {
    const tree = await writeTree(join(cluster.folder, SITE), { 'index.html': text });
    const published = await run('publish', tree, '--site', SITE, '--mode', 'sync');
    t.equal(published.code, 0, published.stderr);
    for (const { url } of cluster.edges) t.equal((await read(url, SITE, '')).body.toString(), text);
  }
  for (const { adminUrl } of cluster.edges) {
    const status = JSON.parse((await ask(adminUrl, '/status')).body.toString());
    t.equal(status.upstream, secure);
    t.ok(status.contactSeconds < 15);
    t.strictSame(status.faults, []);
  }
});

t.test('who does not trust the certificate is told why', async (t) => {
  const { code, stderr } = await skerry(['sites'], {
    cwd: cluster.folder,
    env: { SKERRY_ORIGIN: secure, SKERRY_TOKEN: cluster.token },
  });
  t.equal(code, 1);
  t.match(stderr, /another CA .*DEPTH_ZERO_SELF_SIGNED_CERT.*--ca/);
});
