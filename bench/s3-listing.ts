import { Readable } from 'node:stream';
import { ListObjectsV2Command, type ListObjectsV2CommandInput, type S3Client } from '@aws-sdk/client-s3';
import type { ApiClient } from '../origin/client/api-client.ts';
import { digestOf } from '../shared/content/digest.ts';
import type { DeployLine } from '../shared/wire/deploy-api.ts';
import { count, seconds } from './figures.ts';
import { madePath } from './small-files.ts';
import { median, milliseconds, printTable, quantile } from './table.ts';

const BUCKET = 'many';
const PAGE = 1000;
const PAGES = 50;
/** So many keys are behind one common prefix. The others are in folders of a thousand. */
const DEEP = 100_000;
const CONTENT = Buffer.from('the content of every key');

const isDeep = (i: number, keys: number) => i >= keys - DEEP;
const keyOf = (i: number, keys: number) => (isDeep(i, keys) ? `deep/all/key-${i}` : madePath(i));

/** Makes a bucket with many keys by one deploy, in which all files have the same content. */
async function fill(client: ApiClient, keys: number): Promise<void> {
  const began = performance.now();
  await client.putSite(BUCKET);
  const digest = digestOf(CONTENT);
  await client.putObject(BUCKET, digest, CONTENT, CONTENT.length);
  function* lines() {
    for (let i = 0; i < keys; i++) {
      const line: DeployLine = { path: keyOf(i, keys), digest, size: CONTENT.length };
      yield `${JSON.stringify(line)}\n`;
    }
  }
  const { id } = await client.createDeploy(BUCKET, Readable.from(lines(), { objectMode: false }));
  await client.commit(id, {});
  process.stderr.write(`${count(keys)} keys deployed: ${seconds(performance.now() - began)}\n`);
}

type Asked = Omit<ListObjectsV2CommandInput, 'Bucket'>;

/** Times pages of 1000 names from a bucket with many keys. */
export async function listings(origin: ApiClient, s3: S3Client, keys: number): Promise<void> {
  await fill(origin, keys);
  const page = async (asked: Asked) => {
    const began = performance.now();
    const answer = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, MaxKeys: PAGE, ...asked }));
    return { answer, ms: performance.now() - began };
  };
  /** The times of pages that ask for this, at places all over the bucket. */
  const times = async (asked: (place: number) => Asked) => {
    const all: number[] = [];
    for (let i = 0; i < PAGES; i++) all.push((await page(asked(Math.floor((i * keys) / PAGES)))).ms);
    return all;
  };
  const continued: number[] = [];
  let token: string | undefined;
  for (let i = 0; i < PAGES; i++) {
    const { answer, ms } = await page({ ContinuationToken: token });
    continued.push(ms);
    token = answer.NextContinuationToken;
  }
  const folderOf = (key: string) => key.slice(0, key.indexOf('/') + 1);
  const rows: readonly (readonly [string, readonly number[]])[] = [
    ['continued', continued],
    ['start-after', await times((i) => ({ StartAfter: keyOf(i, keys) }))],
    ['prefix', await times((i) => ({ Prefix: folderOf(keyOf(i, keys)) }))],
    ['prefix and start-after', await times((i) => ({ Prefix: 'folder-', StartAfter: madePath(i) }))],
    ['delimiter, at the root', await times(() => ({ Delimiter: '/' }))],
    ['delimiter, each name of its own', await times((i) => ({ Delimiter: '.', StartAfter: keyOf(i, keys) }))],
    [`delimiter, over ${count(DEEP)} keys`, await times(() => ({ Prefix: 'deep/', Delimiter: '/' }))],
  ];
  process.stdout.write(`\npages of ${count(PAGE)} names among ${count(keys)} keys, by the SDK\n\n`);
  printTable(
    ['page', 'median', '95 %'],
    rows.map(([what, all]) => [what, milliseconds(median(all)), milliseconds(quantile(all, 0.95))]),
  );
  const slowest = Math.max(...rows.map(([, all]) => median(all)));
  process.stdout.write(`\nthe slowest median ${milliseconds(slowest)}, less than 50 ms is wanted\n`);
}
