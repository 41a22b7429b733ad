import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { freePorts } from '../helpers/free-ports.ts';
import { until } from '../helpers/until.ts';

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, 'radosgw.sh');
const KEYS = { access: 'skerry', secret: 'skerry-secret' };
export const BUCKET = 'skerry-test';

interface Radosgw {
  /** Kills the server with -9. What was stored stays, because other processes hold it. */
  kill(): Promise<void>;
  /** Starts the server again, after `kill`. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** A real S3 server with an empty bucket; the environment of this process and its children names it. */
export async function startRadosgw(): Promise<Radosgw> {
  const folder = await mkdtemp(join(tmpdir(), 'skerry-rgw-'));
  const data = join(folder, 'ceph');
  const pidFile = join(data, 'run', '3rgw');
  const [port = 0] = await freePorts(2);
  await run('bash', [SCRIPT, 'start', data, String(port), KEYS.access, KEYS.secret]);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: KEYS.access,
    AWS_SECRET_ACCESS_KEY: KEYS.secret,
  });
  const client = new S3Client({ forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  client.destroy();
  const answers = () =>
    fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
  return {
    async kill() {
      process.kill(Number(await readFile(pidFile, 'utf8')), 'SIGKILL');
      await until('the S3 server to be gone', async () => !(await answers()));
    },
    async restart() {
      const child = spawn('radosgw', ['-n', 'client.rgw', '-f'], {
        env: { ...process.env, CEPH_CONF: join(data, 'ceph.conf') },
        ...{ detached: true, stdio: 'ignore' },
      });
      child.unref();
      await writeFile(pidFile, String(child.pid));
      await until('the S3 server to answer', answers);
    },
    async close() {
      await run('bash', [SCRIPT, 'stop', data]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
