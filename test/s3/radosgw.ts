import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { freePorts } from '../helpers/free-ports.ts';

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, 'radosgw.sh');
const KEYS = { access: 'skerry', secret: 'skerry-secret' };
export const BUCKET = 'skerry-test';

/** A real S3 server with an empty bucket; the environment of this process and its children names it. */
export async function startRadosgw(): Promise<{ close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'skerry-rgw-'));
  const data = join(folder, 'ceph');
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
  return {
    async close() {
      await run('bash', [SCRIPT, 'stop', data]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
