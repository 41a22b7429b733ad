/**
 * `npm run bench:s3-door [-- --files 30000] [-- --rounds 3] [-- --keys 1000000]`: how long `rclone sync --transfers 32` of many
 * small files into the S3-compatible API takes, beside the same into a real S3 server (Ceph's, which keeps its data in
 * memory and syncs nothing); and pages of 1000 names from a bucket with many keys, which one deploy has made. Needs
 * root for the S3 server, and rclone. `--files 0` leaves out the syncs, `--keys 0` the listing.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startCluster } from '../test/helpers/cluster.ts';
import { freePorts } from '../test/helpers/free-ports.ts';
import { accessKeyOf, s3Client } from '../test/helpers/s3.ts';
import { startRadosgw } from '../test/s3/radosgw.ts';
import { count, ratio, seconds } from './figures.ts';
import { listings } from './s3-listing.ts';
import { withScratch } from './scratch.ts';
import { makeFiles } from './small-files.ts';
import { median, printTable } from './table.ts';

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '30000' },
    rounds: { type: 'string', default: '3' },
    keys: { type: 'string', default: '1000000' },
  },
});
const [files, rounds, keys] = [Number(values.files), Number(values.rounds), Number(values.keys)];
/** Making a million files in memory does not wear out a disk. */
const MEMORY_DISK = '/dev/shm';

interface Server {
  readonly name: string;
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly times: number[];
}

await withScratch(async (scratch) => {
  const [s3Port = 0] = await freePorts(1);
  const origin = await startCluster({ edges: 0, originArgs: ['--s3-port', String(s3Port)] });
  scratch.defer(() => origin.close());
  const door: Server = {
    ...{ name: 'skerry', endpoint: `http://127.0.0.1:${s3Port}`, times: [] },
    ...accessKeyOf(origin.token),
  };
  if (files > 0) await besideCeph(door, scratch.defer);
  if (keys === 0) return;
  const client = s3Client(door.endpoint, origin.token);
  scratch.defer(() => client.destroy());
  await listings(origin.client, client, keys);
});

async function besideCeph(door: Server, defer: (end: () => unknown) => void): Promise<void> {
  const ceph = await startRadosgw();
  defer(() => ceph.close());
  const {
    AWS_ENDPOINT_URL_S3: endpoint = '',
    AWS_ACCESS_KEY_ID: accessKeyId = '',
    AWS_SECRET_ACCESS_KEY: secretAccessKey = '',
  } = process.env;
  const other: Server = { name: 'ceph', endpoint, accessKeyId, secretAccessKey, times: [] };
  await withScratch(async ({ folder }) => {
    const tree = join(folder, 'tree');
    await mkdir(tree);
    makeFiles(tree, files);
    for (let round = 1; round <= rounds; round++)
      for (const server of [door, other]) {
        const began = performance.now();
        await rclone(server, 'sync', '--transfers', '32', tree, `s:bench-${round}`);
        server.times.push(performance.now() - began);
        process.stderr.write(`round ${round}, ${server.name}: ${seconds(performance.now() - began)}\n`);
      }
  }, MEMORY_DISK);
  const row = ({ name, times }: Server) => [name, seconds(median(times)), times.map(seconds).join(', ')];
  process.stdout.write(`rclone sync --transfers 32 of ${count(files)} files\n\n`);
  printTable(['into', 'time', 'all times'], [row(door), row(other)]);
  process.stdout.write(`\nratio ${ratio(median(door.times), median(other.times))}, at most 1.5\n`);
}

async function rclone({ endpoint, accessKeyId, secretAccessKey }: Server, ...args: string[]): Promise<void> {
  const env = {
    // rclone refuses some variables of the AWS SDK.
    PATH: process.env.PATH,
    RCLONE_CONFIG: '/dev/null',
    RCLONE_CONFIG_S_TYPE: 's3',
    RCLONE_CONFIG_S_PROVIDER: 'Other',
    RCLONE_CONFIG_S_ENDPOINT: endpoint,
    RCLONE_CONFIG_S_ACCESS_KEY_ID: accessKeyId,
    RCLONE_CONFIG_S_SECRET_ACCESS_KEY: secretAccessKey,
  };
  const child = spawn('rclone', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`rclone ended (${code})`);
}
