import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { writeCertificate } from '../../helpers/certificates.ts';
import { startCluster } from '../../helpers/cluster.ts';
import { freePorts } from '../../helpers/free-ports.ts';

const folder = await mkdtemp(join(tmpdir(), 'skerry-logs-'));
const certs = join(folder, 'certs');
await writeCertificate(join(certs, 'a'), ['www.example']);
const [tlsPort = 0] = await freePorts(1);
/** The access logs of both edges. */
export const [accessLog, limitedLog] = [join(folder, 'access.log'), join(folder, 'limited.log')] as const;

/** One for all suites of this folder. Others may reach the admin port of its second edge, which has low limits. */
export const cluster = await startCluster({
  edges: 2,
  args: (index) =>
    index === 0
      ? ['--access-log', accessLog]
      : [
          ...['--max-connections', '5', '--max-requests', '3'],
          ...['--access-log', limitedLog, '--access-log-format', 'combined'],
          ...['--admin-host', '0.0.0.0', '--tls-port', String(tlsPort), '--certs', certs],
        ],
});
t.teardown(async () => {
  await cluster.close();
  // A running edge may write its access log, so nothing else removes the folder.
  await rm(folder, { recursive: true });
});
const [first, second] = cluster.edges;
if (first === undefined || second === undefined) throw new Error('a cluster of two edges has two');
export const [edge, limited] = [first, second];
