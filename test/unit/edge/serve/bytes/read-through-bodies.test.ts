import { Readable } from 'node:stream';
import t from 'tap';
import { ObjectUse } from '../../../../../edge/disk-budget/object-use.ts';
import type { FoundMissing } from '../../../../../edge/messages/read-through.ts';
import type { Body } from '../../../../../edge/serve/bytes/body.ts';
import type { Fetched } from '../../../../../edge/serve/bytes/missing-objects.ts';
import { ReadThroughBodies } from '../../../../../edge/serve/bytes/read-through-bodies.ts';
import type { Representation } from '../../../../../edge/serve/http/representation.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import { type ErrorCode, SkerryError } from '../../../../../shared/errors.ts';

const plain: Representation = {
  digest: digestOf('a'),
  size: 100_000,
  coding: undefined,
  source: digestOf('a'),
};
const coded: Representation = { ...plain, digest: digestOf('a.br'), coding: 'br' };
const reader = { client: 'a', gone: () => new Promise<void>(() => {}) };
const fromOrigin: FoundMissing = { found: 'none', isCollapsed: false, tier: 'origin' };
const fromParent: FoundMissing = { found: 'partial', isCollapsed: true, tier: 'parent' };
const here: Body = { kind: 'bytes', bytes: Buffer.from('a'), cache: { kind: 'hit', tier: 'disk' } };
const refused = (code: ErrorCode): Fetched => ({ kind: 'refused', error: new SkerryError(code, 'no') });

/** What each look-up and each fetch in turn comes to. */
function world(lookUps: readonly (Body | undefined)[], fetches: readonly Fetched[] = []) {
  const looks = [...lookUps];
  const fetched = [...fetches];
  const use = new ObjectUse(() => 7);
  const missing = {
    async fetch() {
      const next = fetched.shift();
      if (next === undefined) throw new Error('fetched once too often');
      return next;
    },
  };
  const bodies = new ReadThroughBodies({ lookUp: () => looks.shift() }, missing, use);
  const find = (representation = plain) => bodies.find(representation, undefined, reader);
  return { find, use, left: () => looks.length + fetched.length };
}

t.test('what is here is found at once, and counts as used', (t) => {
  const { find, use } = world([here]);
  t.equal(find(), here);
  t.strictSame(use.take(), { used: [[plain.source, 7, 1]], serving: [] });
  t.end();
});

t.test('what is missing is sent as it comes, and counts as being sent', async (t) => {
  const stream = new Readable({ read() {} });
  const { find, use } = world([undefined], [{ kind: 'coming', found: fromOrigin, stream }]);
  t.strictSame(await find(), { kind: 'stream', stream, cache: { kind: 'missed', found: fromOrigin } });
  t.strictSame(use.take().serving, [plain.source]);
  stream.destroy();
});

t.test('what was stored is looked up again; the first fetch tells how it was found', async (t) => {
  const { find, left } = world(
    [undefined, undefined, here],
    [
      { kind: 'stored', found: fromOrigin },
      { kind: 'stored', found: fromParent },
    ],
  );
  t.strictSame(await find(), { ...here, cache: { kind: 'missed', found: fromOrigin } });
  t.equal(left(), 0);
});

t.test('what makes room for others again and again is given up', async (t) => {
  const stored: Fetched = { kind: 'stored', found: fromOrigin };
  const { find, left } = world([undefined, undefined, undefined, undefined], [stored, stored, stored]);
  t.match(await find(), { kind: 'refused', error: { code: 'unavailable' } });
  t.equal(left(), 0);
});

t.test('a client that waits for too much is told so, all else is unavailable', async (t) => {
  const table: [ErrorCode, ErrorCode][] = [
    ['too-many-misses', 'too-many-misses'],
    ['unavailable', 'unavailable'],
    ['corrupt-object', 'unavailable'],
    ['internal', 'unavailable'],
  ];
  for (const [code, told] of table)
    t.match(await world([undefined], [refused(code)]).find(), { kind: 'refused', error: { code: told } });
});

t.test('a variant that is gone is not fetched', async (t) => {
  t.strictSame(await world([undefined]).find(coded), { kind: 'gone' });
});
