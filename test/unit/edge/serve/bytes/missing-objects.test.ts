import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import type { NeedMessage } from '../../../../../edge/messages/read-through.ts';
import { FilePieces } from '../../../../../edge/serve/bytes/file-pieces.ts';
import { MissingObjects } from '../../../../../edge/serve/bytes/missing-objects.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import { draftsFolder } from '../../../../../shared/store/layout.ts';

const bytes = Buffer.from('0123456789');
const digest = digestOf(bytes);
const found = { found: 'none', isCollapsed: false, tier: 'origin' } as const;
const all = { start: 0, end: bytes.length };

async function world(t: Test) {
  const folder = t.testdir();
  await mkdir(draftsFolder(folder), { recursive: true });
  await writeFile(join(draftsFolder(folder), 'partial'), bytes);
  const told: NeedMessage[] = [];
  const missing = new MissingObjects(folder, new FilePieces(), (message) => told.push(message));
  const leaving = Promise.withResolvers<void>();
  const reader = { client: 'a', gone: () => leaving.promise };
  const fetching = missing.fetch({ digest, size: bytes.length, range: undefined }, reader);
  return { missing, told, fetching, leave: leaving.resolve };
}

const coming = (spans: readonly { start: number; end: number }[]) =>
  ({ t: 'coming', id: 1, fileName: 'partial', spans, found }) as const;

t.test('it asks, and is told that it is stored', async (t) => {
  const { missing, told, fetching } = await world(t);
  t.strictSame(told, [{ t: 'need', id: 1, client: 'a', digest, range: null }]);
  missing.received({ t: 'stored', id: 1, found });
  t.strictSame(await fetching, { kind: 'stored', found });
  t.equal(told.length, 1);
});

t.test('what comes is streamed from its first piece on, and done when the stream is closed', async (t) => {
  const { missing, told, fetching } = await world(t);
  missing.received(coming([]));
  missing.received({ t: 'arrived', fileName: 'partial', span: all });
  const fetched = await fetching;
  if (fetched.kind !== 'coming') throw new Error(fetched.kind);
  t.equal(told.length, 1);
  t.strictSame(await buffer(fetched.stream), bytes);
  t.strictSame(told.at(-1), { t: 'done', id: 1 });
});

t.test('a reader who leaves ends it, whatever was answered until then', async (t) => {
  const waiting = await world(t);
  waiting.leave();
  t.match(await waiting.fetching, { kind: 'refused', error: { code: 'unavailable' } });
  t.strictSame(waiting.told.at(-1), { t: 'done', id: 1 });

  const coming1 = await world(t);
  coming1.missing.received(coming([]));
  coming1.leave();
  t.match(await coming1.fetching, { kind: 'refused', error: { code: 'unavailable' } });
  t.strictSame(coming1.told.at(-1), { t: 'done', id: 1 });

  const late = await world(t);
  late.leave();
  late.missing.received(coming([all]));
  const fetched = await late.fetching;
  if (fetched.kind === 'coming') fetched.stream.destroy();
  await new Promise(setImmediate);
  t.strictSame(
    late.told.filter(({ t: kind }) => kind === 'done'),
    [{ t: 'done', id: 1 }],
    'once',
  );
});

t.test('what is refused, breaks off or is told to an ending process is refused', async (t) => {
  const refused = await world(t);
  refused.missing.received({ t: 'refused', id: 1, code: 'too-many-misses', message: 'no' });
  t.match(await refused.fetching, { kind: 'refused', error: { code: 'too-many-misses' } });
  t.equal(refused.told.length, 1);

  const broken = await world(t);
  broken.missing.received(coming([]));
  broken.missing.received({ t: 'broke', fileName: 'partial', code: 'origin-unreachable', message: 'gone' });
  t.match(await broken.fetching, { kind: 'refused', error: { code: 'origin-unreachable' } });
  t.strictSame(broken.told.at(-1), { t: 'done', id: 1 });

  const ending = await world(t);
  ending.missing.close();
  t.match(await ending.fetching, { kind: 'refused', error: { code: 'unavailable' } });
});
