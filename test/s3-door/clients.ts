import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { digestsOf } from '../helpers/tree.ts';

const execute = promisify(execFile);

/** Where the API is, and who asks. */
export interface Endpoint {
  readonly url: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** The certificate of the origin's authority. Undefined over plain HTTP. */
  readonly ca: string | undefined;
  /** A folder for the files of clients. */
  readonly folder: string;
}

/** What each client is asked to do. Keys are those of the bucket. */
export interface Client {
  readonly name: string;
  create(bucket: string): Promise<void>;
  /** Makes the bucket equal to the folder, which has files that are sent in parts. */
  sync(folder: string, bucket: string): Promise<void>;
  list(bucket: string): Promise<string[]>;
  get(bucket: string, key: string): Promise<Buffer>;
  /** The bytes from 5 to 9. Undefined for a client that cannot ask for a range. */
  range?(bucket: string, key: string): Promise<Buffer>;
  delete(bucket: string, key: string): Promise<void>;
}

async function run(program: string, args: readonly string[], env: Record<string, string>): Promise<Buffer> {
  const { stdout } = await execute(program, [...args], {
    env: { PATH: '/usr/bin:/bin', HOME: env.HOME ?? '/nonexistent', LC_ALL: 'C.UTF-8', ...env },
    encoding: 'buffer',
    maxBuffer: 256 * 1024 * 1024,
    timeout: 300_000,
  });
  return stdout;
}

const lines = (text: Buffer) =>
  text
    .toString()
    .split('\n')
    .filter((line) => line !== '');

function keysIn({ accessKeyId, secretAccessKey, ca, folder }: Endpoint): Record<string, string> {
  return {
    HOME: folder,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_DEFAULT_REGION: 'us-east-1',
    ...(ca !== undefined && { AWS_CA_BUNDLE: ca }),
  };
}

export function awscli(endpoint: Endpoint): Client {
  const aws = (...args: string[]) =>
    run('/usr/bin/aws', ['--endpoint-url', endpoint.url, ...args], keysIn(endpoint));
  const file = join(endpoint.folder, 'aws.out');
  return {
    name: 'awscli',
    create: async (bucket) => void (await aws('s3', 'mb', `s3://${bucket}`)),
    sync: async (folder, bucket) =>
      void (await aws('s3', 'sync', '--delete', '--no-progress', folder, `s3://${bucket}`)),
    list: async (bucket) => {
      const listed = await aws('s3api', 'list-objects-v2', '--bucket', bucket, '--query', 'Contents[].Key');
      return JSON.parse(listed.toString()) as string[];
    },
    async get(bucket, key) {
      await aws('s3', 'cp', `s3://${bucket}/${key}`, file);
      return readFile(file);
    },
    async range(bucket, key) {
      await aws('s3api', 'get-object', '--bucket', bucket, '--key', key, '--range', 'bytes=5-9', file);
      return readFile(file);
    },
    delete: async (bucket, key) => void (await aws('s3', 'rm', `s3://${bucket}/${key}`)),
  };
}

export async function s3cmd(endpoint: Endpoint): Promise<Client> {
  const { host, protocol } = new URL(endpoint.url);
  const config = join(endpoint.folder, 's3cfg');
  await writeFile(
    config,
    [
      '[default]',
      `access_key = ${endpoint.accessKeyId}`,
      `secret_key = ${endpoint.secretAccessKey}`,
      `host_base = ${host}`,
      `host_bucket = ${host}`,
      `use_https = ${protocol === 'https:' ? 'True' : 'False'}`,
      ...(endpoint.ca === undefined ? [] : [`ca_certs_file = ${endpoint.ca}`]),
    ].join('\n'),
  );
  const s3 = (...args: string[]) => run('s3cmd', ['-c', config, ...args], { HOME: endpoint.folder });
  const file = join(endpoint.folder, 's3cmd.out');
  return {
    name: 's3cmd',
    create: async (bucket) => void (await s3('mb', `s3://${bucket}`)),
    sync: async (folder, bucket) =>
      void (await s3('sync', '--no-progress', '--delete-removed', `${folder}/`, `s3://${bucket}/`)),
    list: async (bucket) =>
      lines(await s3('ls', '-r', `s3://${bucket}`)).map((line) =>
        line.slice(line.indexOf(`s3://${bucket}/`) + bucket.length + 6),
      ),
    async get(bucket, key) {
      await s3('get', '--force', '--no-progress', `s3://${bucket}/${key}`, file);
      return readFile(file);
    },
    delete: async (bucket, key) => void (await s3('del', `s3://${bucket}/${key}`)),
  };
}

export function rclone(endpoint: Endpoint): Client {
  const environment = {
    HOME: endpoint.folder,
    RCLONE_CONFIG: join(endpoint.folder, 'rclone.conf'),
    RCLONE_CONFIG_S_TYPE: 's3',
    RCLONE_CONFIG_S_PROVIDER: 'Other',
    RCLONE_CONFIG_S_ENDPOINT: endpoint.url,
    RCLONE_CONFIG_S_ACCESS_KEY_ID: endpoint.accessKeyId,
    RCLONE_CONFIG_S_SECRET_ACCESS_KEY: endpoint.secretAccessKey,
    ...(endpoint.ca !== undefined && { RCLONE_CA_CERT: endpoint.ca }),
  };
  const rcloned = (...args: string[]) => run('rclone', args, environment);
  return {
    name: 'rclone',
    create: async (bucket) => void (await rcloned('mkdir', `s:${bucket}`)),
    sync: async (folder, bucket) => void (await rcloned('sync', '--retries', '1', folder, `s:${bucket}`)),
    list: async (bucket) => lines(await rcloned('lsf', '-R', '--files-only', `s:${bucket}`)),
    get: (bucket, key) => rcloned('cat', `s:${bucket}/${key}`),
    range: (bucket, key) => rcloned('cat', '--offset', '5', '--count', '5', `s:${bucket}/${key}`),
    delete: async (bucket, key) => void (await rcloned('deletefile', `s:${bucket}/${key}`)),
  };
}

const BOTO = `
import boto3, os, sys
from botocore.config import Config
s3 = boto3.client('s3', endpoint_url=sys.argv[1], config=Config(s3={'addressing_style': 'path'}))
what, bucket, *rest = sys.argv[2:]
if what == 'create': s3.create_bucket(Bucket=bucket)
elif what == 'sync':
    folder, = rest
    for at, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(at, name)
            s3.upload_file(path, bucket, os.path.relpath(path, folder))
elif what == 'list':
    for page in s3.get_paginator('list_objects_v2').paginate(Bucket=bucket, PaginationConfig={'PageSize': 7}):
        for item in page.get('Contents', []): print(item['Key'])
elif what == 'get': sys.stdout.buffer.write(s3.get_object(Bucket=bucket, Key=rest[0])['Body'].read())
elif what == 'range': sys.stdout.buffer.write(s3.get_object(Bucket=bucket, Key=rest[0], Range='bytes=5-9')['Body'].read())
elif what == 'delete': s3.delete_objects(Bucket=bucket, Delete={'Objects': [{'Key': rest[0]}]})
`;

export function boto3(endpoint: Endpoint): Client {
  const python = (...args: string[]) =>
    run('/usr/bin/python3', ['-c', BOTO, endpoint.url, ...args], keysIn(endpoint));
  return {
    name: 'boto3',
    create: async (bucket) => void (await python('create', bucket)),
    sync: async (folder, bucket) => void (await python('sync', bucket, folder)),
    list: async (bucket) => lines(await python('list', bucket)),
    get: (bucket, key) => python('get', bucket, key),
    range: (bucket, key) => python('range', bucket, key),
    delete: async (bucket, key) => void (await python('delete', bucket, key)),
  };
}

/** The SDK with its defaults: checksums by CRC32, in trailers where the body is a stream. */
export async function sdk({
  url,
  accessKeyId,
  secretAccessKey,
  ca,
}: Endpoint): Promise<Client & { commit(bucket: string): Promise<void> }> {
  const client = new S3Client({
    ...{ endpoint: url, region: 'us-east-1', forcePathStyle: true },
    credentials: { accessKeyId, secretAccessKey },
    ...(ca !== undefined && {
      requestHandler: { httpsAgent: new Agent({ ca: await readFile(ca) }) },
    }),
  });
  const bytesOf = async (command: GetObjectCommand) =>
    Buffer.from((await (await client.send(command)).Body?.transformToByteArray()) ?? []);
  return {
    name: 'sdk',
    create: async (Bucket) => void (await client.send(new CreateBucketCommand({ Bucket }))),
    async sync(folder, Bucket) {
      for (const Key of (await digestsOf(folder)).keys()) {
        const Body = await readFile(join(folder, Key));
        const isLarge = Body.length > 8 * 1024 * 1024;
        if (isLarge) await new Upload({ client, params: { Bucket, Key, Body } }).done();
        else await client.send(new PutObjectCommand({ Bucket, Key, Body }));
      }
    },
    async list(Bucket) {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
      return Contents.map(({ Key = '' }) => Key);
    },
    get: (Bucket, Key) => bytesOf(new GetObjectCommand({ Bucket, Key })),
    range: (Bucket, Key) => bytesOf(new GetObjectCommand({ Bucket, Key, Range: 'bytes=5-9' })),
    delete: async (Bucket, Key) => void (await client.send(new DeleteObjectCommand({ Bucket, Key }))),
    commit: async (Bucket) =>
      void (await client.send(
        new PutObjectCommand({ Bucket, Key: '.skerry-commit', Body: Buffer.alloc(0) }),
      )),
  };
}

/** Makes a backup into the bucket, restores it and checks the repository. Resolves to the folder that was restored. */
export async function restic(endpoint: Endpoint, folder: string, bucket: string): Promise<string> {
  const { ca } = endpoint;
  const target = join(endpoint.folder, 'restored');
  const repository = [
    '-r',
    `s3:${endpoint.url}/${bucket}/backup`,
    ...(ca === undefined ? [] : ['--cacert', ca]),
  ];
  const environment = { ...keysIn(endpoint), RESTIC_PASSWORD: 'secret' };
  const resticed = (...args: string[]) => run('restic', [...repository, '--no-cache', ...args], environment);
  await resticed('init');
  await resticed('backup', folder);
  await resticed('check', '--read-data');
  await resticed('restore', 'latest', '--target', target);
  await resticed('forget', '--prune', '--keep-last', '1', 'latest');
  return join(target, folder);
}
