import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { writeCertificate } from '../../helpers/certificates.ts';
import { startCluster } from '../../helpers/cluster.ts';
import { freePorts } from '../../helpers/free-ports.ts';

const folder = await mkdtemp(join(tmpdir(), 'skerry-'));
export const certs = join(folder, 'certs');
export const accessLog = join(folder, 'logs', 'access.log');
await writeCertificate(join(certs, 'a'), ['www.example', '*.wild.example']);
await writeCertificate(join(certs, 'below/b'), ['other.example']);
await writeCertificate(join(certs, 'streams'), ['streams.example']);
/** The TLS ports of both edges. */
export const [fullPort = 0, lazyPort = 0] = await freePorts(2);

// As somebody with another umask made the folders beforehand.
const umask = process.umask(0);
await mkdir(join(folder, 'origin'), { mode: 0o755 });
await mkdir(join(folder, 'edge-1'), { mode: 0o777 });
const starting = startCluster({
  ...{ edges: 2, folder },
  args: (index) => [
    ...['--certs', certs],
    ...(index === 0
      ? ['--processes', '2', '--tls-port', String(fullPort), '--feed-port', '0', '--access-log', accessLog]
      : ['--tls-port', String(lazyPort), '--storage', 'lazy']),
  ],
});

/** One for all suites of this folder: two edges that speak TLS, and the second one is lazy. */
export const cluster = await starting.finally(() => process.umask(umask));
t.teardown(async () => {
  await cluster.close();
  await rm(folder, { recursive: true, force: true });
});
const [first] = cluster.edges;
if (first === undefined) throw new Error('a cluster of two edges has two');
export const edge = first;
