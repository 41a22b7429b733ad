import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import t from 'tap';
import { startCluster } from '../helpers/cluster.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { read } from '../helpers/http.ts';
import { s3Client } from '../helpers/s3.ts';
import { until } from '../helpers/until.ts';

const ROUNDS = 6;
const WRITERS = 8;

t.setTimeout(600_000);

t.test('what was answered survives kill -9, before and while its revision is made', async (t) => {
  const [s3Port = 0] = await freePorts(1);
  const cluster = await startCluster({ edges: 1, originArgs: ['--s3-port', String(s3Port)] });
  t.teardown(() => cluster.close());
  const [edge] = cluster.edges;
  if (edge === undefined) throw new Error('no edge');
  const Bucket = 'docs';
  await cluster.client.putSite(Bucket);
  const wanted = new Map<string, string>();
  for (let round = 1; round <= ROUNDS; round++) {
    // Each round is killed after another number of answers, in every second round while a commit runs.
    const client = s3Client(`http://127.0.0.1:${s3Port}`, cluster.token);
    let answers = 0;
    let isKilled = false;
    const write = async (writer: number) => {
      for (let i = 0; !isKilled; i++) {
        const Key = `w${writer}/${i % 10}.txt`;
        const Body = `round ${round}, ${i}`;
        await client.send(new PutObjectCommand({ Bucket, Key, Body }));
        wanted.set(Key, Body);
        answers++;
      }
    };
    const writers = Array.from({ length: WRITERS }, (_, i) => write(i).catch(() => {}));
    await until('enough answers', async () => answers > 10 * round);
    const marker = client.send(
      new PutObjectCommand({ Bucket, Key: '.skerry-commit', Body: Buffer.alloc(0) }),
    );
    if (round % 2 === 0) await marker.catch(() => {});
    await cluster.origin.stop('SIGKILL');
    isKilled = true;
    await Promise.all([...writers, marker.catch(() => {})]);
    client.destroy();
    await cluster.origin.start();
    const reader = s3Client(`http://127.0.0.1:${s3Port}`, cluster.token);
    const { Contents = [] } = await reader.send(new ListObjectsV2Command({ Bucket }));
    const listed = new Set(Contents.map(({ Key }) => Key));
    for (const [Key, content] of wanted) {
      t.ok(listed.has(Key), `round ${round}: ${Key} is listed`);
      const { Body } = await reader.send(new GetObjectCommand({ Bucket, Key }));
      const text = (await Body?.transformToString()) ?? '';
      // A write without an answer may have happened.
      t.ok(text === content || isLater(text, content), `${Key} is ${content}, or later: ${text}`);
      wanted.set(Key, text);
    }
    reader.destroy();
  }
  await until('edges to serve what was answered', async () => {
    for (const [key, content] of wanted) {
      const { body } = await read(edge.url, Bucket, key);
      if (body.toString() !== content) return false;
    }
    return true;
  });
});

function isLater(text: string, content: string): boolean {
  const [round = 0, i = 0] = numbers(text);
  const [thatRound = 0, that = 0] = numbers(content);
  return round > thatRound || (round === thatRound && i > that);
}

function numbers(text: string): number[] {
  return [...text.matchAll(/\d+/g)].map(([number]) => Number(number));
}
