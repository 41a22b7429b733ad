import { openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import type { Body } from '../../../../../edge/serve/bytes/body.ts';
import { Content } from '../../../../../edge/serve/bytes/content.ts';
import { FilePieces } from '../../../../../edge/serve/bytes/file-pieces.ts';
import { ReadyVariants } from '../../../../../edge/serve/bytes/ready-variants.ts';
import type { ContentPath } from '../../../../../shared/content/content-path.ts';
import { type Digest, digestOf } from '../../../../../shared/content/digest.ts';
import type { Entry } from '../../../../../shared/content/entry.ts';
import { SMALL_OBJECT } from '../../../../../shared/content/small-object.ts';
import { until } from '../../../../helpers/until.ts';

const path = 'a' as ContentPath;
const large = Buffer.alloc(SMALL_OBJECT + 1000, 'large');
const packed = Buffer.from('packed');

/** What an edge holds, with a count of what is read of it; large objects are files. */
function world(t: Test) {
  const folder = t.testdir();
  const small = new Map<Digest, Buffer>();
  const reads = { entries: 0, small: 0, opened: 0, variants: 0 };
  const fileOf = (digest: Digest) => join(folder, digest);
  const holds = (digest: Digest) => readdirSync(folder).includes(digest);
  const entries = new Map<string, Entry>();
  const manifests = {
    entryAt(site: number, revision: number, path: ContentPath) {
      reads.entries++;
      return entries.get(`${site} ${revision} ${path}`);
    },
  };
  const objects = {
    small(digest: Digest) {
      reads.small++;
      return small.get(digest);
    },
    large: (digest: Digest) => (holds(digest) ? readFileSync(fileOf(digest)) : undefined),
    verified: async (digest: Digest) => {
      const bytes = readFileSync(fileOf(digest));
      return digestOf(bytes) === digest ? bytes : undefined;
    },
    openLarge(digest: Digest) {
      reads.opened++;
      return holds(digest) ? openSync(fileOf(digest), 'r') : undefined;
    },
    close: () => {},
  };
  const variants = new ReadyVariants(
    {
      of: (source) => ({
        variants: [{ coding: 'br', digest: digestOf(packed), size: packed.length, source }],
        isComplete: true,
      }),
      bytes(digest) {
        reads.variants++;
        return digest === digestOf(packed) ? packed : undefined;
      },
    } as ConstructorParameters<typeof ReadyVariants>[0],
    pino({ level: 'silent' }),
  );
  const content = new Content(
    manifests as ConstructorParameters<typeof Content>[0],
    objects,
    variants,
    new FilePieces(),
  );
  /** Stores bytes under the digest of others, if these are given. */
  const store = (bytes: Buffer, digest = digestOf(bytes)) => {
    if (bytes.length > SMALL_OBJECT) writeFileSync(fileOf(digest), bytes);
    else small.set(digest, bytes);
    return digest;
  };
  const lookUp = (digest: Digest, size: number, range?: { start: number; end: number }) =>
    content.lookUp({ digest, size, coding: undefined, source: digest }, range);
  return { content, store, lookUp, reads, small, entries };
}

async function read(body: Body | undefined): Promise<string | undefined> {
  if (body === undefined) return undefined;
  if (body.kind === 'stream') return (await buffer(body.stream)).toString();
  body.release?.();
  return body.bytes.toString();
}

t.test('an entry is looked up once, and so is that there is none', async (t) => {
  const { content, entries, reads } = world(t);
  const entry = { path } as Entry;
  entries.set(`1 2 ${path}`, entry);
  for (let again = 0; again < 2; again++) {
    t.equal(content.entry(1, 2, path), entry);
    t.equal(content.entry(1, 3, path), undefined);
  }
  t.equal(reads.entries, 2);
});

t.test('a small object is read once, then served from memory until it is forgotten', async (t) => {
  const { content, store, lookUp, reads } = world(t);
  const digest = store(Buffer.from('hello'));
  const first = lookUp(digest, 5);
  t.strictSame([first?.cache, await read(first)], [{ kind: 'hit', tier: 'disk' }, 'hello']);
  const second = lookUp(digest, 5, { start: 1, end: 3 });
  t.strictSame([second?.cache, await read(second)], [{ kind: 'hit', tier: 'memory' }, 'el']);
  t.equal(content.bytes({ digest, size: 5 })?.toString(), 'hello');
  t.equal(reads.small, 1);
  content.forget([digest]);
  t.equal(lookUp(digest, 5)?.cache.kind, 'hit');
  t.equal(reads.small, 2);
  content.forget('all');
  lookUp(digest, 5);
  t.equal(reads.small, 3);
});

t.test('what is not here or not sound is not served', async (t) => {
  const { content, store, lookUp } = world(t);
  const absent = digestOf('absent');
  for (const size of [6, large.length]) {
    t.equal(lookUp(absent, size), undefined);
    t.equal(content.bytes({ digest: absent, size }), undefined);
  }
  const damaged = store(Buffer.from('hellO'), digestOf('hello'));
  t.equal(lookUp(damaged, 5), undefined);
  const flipped = Buffer.from(large);
  flipped[7] = 0;
  t.equal(content.bytes({ digest: store(flipped, digestOf(large)), size: large.length }), undefined);
});

t.test('a large object is streamed from its file, and from memory when it is asked for again', async (t) => {
  const { content, store, lookUp, reads } = world(t);
  const digest = store(large);
  const range = { start: large.length - 5, end: large.length };
  t.equal(await read(lookUp(digest, large.length, range)), large.subarray(-5).toString());
  const second = lookUp(digest, large.length);
  t.equal(second?.kind, 'stream');
  t.equal(await read(second), large.toString());
  const hot = await until('it to be in memory', () => {
    const body = lookUp(digest, large.length);
    if (body?.kind === 'bytes') return body;
    body?.stream.destroy();
    return undefined;
  });
  t.strictSame(hot.cache, { kind: 'hit', tier: 'memory' });
  t.equal(await read(hot), large.toString());
  const { opened } = reads;
  t.equal(await read(lookUp(digest, large.length)), large.toString());
  t.equal(reads.opened, opened, 'its file is not opened again');
  content.forget([digest]);
  const after = lookUp(digest, large.length);
  t.equal(after?.kind, 'stream');
  await read(after);
});

t.test('a large one that is damaged never comes into memory', async (t) => {
  const { store, lookUp } = world(t);
  const flipped = Buffer.from(large);
  flipped[7] = 0;
  const digest = store(flipped, digestOf(large));
  for (let again = 0; again < 4; again++) {
    const body = lookUp(digest, large.length);
    t.equal(body?.kind, 'stream');
    await read(body);
  }
});

t.test('a variant is found by its own digest, and goes with the object that it is made of', async (t) => {
  const { content, store, reads } = world(t);
  const source = store(Buffer.from('hello'));
  const entry = { path, digest: source } as Entry;
  const [variant] = content.variants(1, 2, entry);
  t.match(variant, { coding: 'br', size: packed.length });
  const wanted = { digest: digestOf(packed), size: packed.length, coding: 'br', source } as const;
  t.equal(await read(content.lookUp(wanted, undefined)), 'packed');
  t.equal(await read(content.lookUp(wanted, { start: 0, end: 2 })), 'pa');
  t.equal(reads.variants, 1);
  content.forget([source]);
  t.equal(await read(content.lookUp(wanted, undefined)), 'packed');
  t.equal(reads.variants, 2);
});
