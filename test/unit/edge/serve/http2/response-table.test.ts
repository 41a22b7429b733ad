import t from 'tap';
import { Decoder } from '../../../../../edge/serve/hpack/decoder.ts';
import { staticFields } from '../../../../../edge/serve/hpack/dynamic-table.ts';
import { preparedFrames } from '../../../../../edge/serve/http2/prepared-frames.ts';
import { head, OpenedConnection } from '../../../../helpers/http2-connection.ts';
import { frame, setting, WHOLE } from '../../../../helpers/http2-frames.ts';

const GET = head();
const get = (id: number) => frame('headers', WHOLE, id, GET);
const TABLE_SIZE = 1;
const TABLE_OF_0 = 0x20;
const HOT = Buffer.from('hot');

const COMMON = {
  'skerry-revision': 'www@7',
  'x-content-type-options': 'nosniff',
  'cache-control': 'public, max-age=0, must-revalidate',
  etag: '"1"',
  'accept-ranges': 'bytes',
  'cache-status': 'Skerry; hit; detail=memory',
};
const OTHER_SITE = { ...COMMON, 'skerry-revision': 'docs@12', etag: '"2"' };
const LASTING = { ...COMMON, 'cache-control': 'public, max-age=31536000, immutable' };

/** Decodes the header blocks of all responses with one table, as a client does. */
function responses(
  one: OpenedConnection,
): { readonly fields: Record<string, string>; readonly bytes: number }[] {
  const kindOf = () => 0;
  const decoder = new Decoder({ kindOf, staticFields: staticFields(kindOf), mostListBytes: 65_536 });
  return one.of('headers').map(({ payload }) => {
    const fields = decoder.decode(payload, 0, payload.length).map(({ name, value }) => [name, value]);
    return { fields: Object.fromEntries(fields), bytes: payload.length };
  });
}

const whole = (fields: Readonly<Record<string, string>>) => ({
  ':status': '200',
  ...fields,
  'content-length': String(HOT.length),
  date: 'Thu, 01 Jan 1970 00:00:00 GMT',
});

t.test('the first prepared response fills the table of the client, and later ones refer to it', async (t) => {
  const given = [COMMON, COMMON, OTHER_SITE, LASTING];
  const one = new OpenedConnection({ hot: HOT, hotFields: given }).greet();
  const ids = [1, 3, 5, 7];
  one.send(...ids.map(get));
  const got = responses(one);
  t.strictSame(
    got.map(({ fields }) => fields),
    given.map(whole),
  );
  const [first, ...later] = got.map(({ bytes }) => bytes);
  for (const bytes of later) t.ok(bytes + 50 < (first ?? 0), `${bytes} bytes after ${first}`);
  t.strictSame(
    ids.map((id) => one.bytes(id)),
    ids.map(() => HOT.length),
  );
});

t.test('a response without the common fields leaves the table for the next one', async (t) => {
  const given = [{ etag: '"3"' }, LASTING, COMMON, { etag: '"3"' }, COMMON];
  const one = new OpenedConnection({ hot: HOT, hotFields: given }).greet();
  one.send(...[1, 3, 5, 7, 9].map(get));
  const got = responses(one);
  t.strictSame(
    got.map(({ fields }) => fields),
    given.map(whole),
  );
  t.ok((got[4]?.bytes ?? 0) + 50 < (got[2]?.bytes ?? 0));
});

t.test('the frames of a response are made once for all connections with and without a table', (t) => {
  const frames = preparedFrames({
    ...{ status: 200, headers: LASTING, body: HOT, source: undefined, mayBeGiven: () => true },
  })(0);
  t.equal(frames.withTable, frames.withTable);
  t.equal(frames.withoutTable, frames.withoutTable);
  t.equal(frames.withoutTable.bytes.length, frames.mostBytes);
  t.ok(frames.withTable.bytes.length < frames.mostBytes);
  t.equal(frames.blockThatFills(), undefined);
  t.end();
});

t.test('a response that waits for the reader fills the table, too', async (t) => {
  const large = Buffer.alloc(40_000);
  const one = new OpenedConnection({ hot: large, hotFields: [COMMON] }).greet();
  await one.send(get(1), get(3)).settle();
  t.strictSame(
    responses(one).map(({ fields }) => fields),
    [1, 2].map(() => ({ ...whole(COMMON), 'content-length': '40000' })),
  );
});

t.test('RFC 7541, 4.2: a client that wants a small table gets none, and is told once', async (t) => {
  for (const size of [0, 4095]) {
    const one = new OpenedConnection({ hot: HOT, hotFields: [COMMON] }).greet(setting(TABLE_SIZE, size));
    one.send(get(1), get(3));
    t.strictSame(
      one.of('headers').map(({ payload }) => payload[0] === TABLE_OF_0),
      [true, false],
    );
    t.strictSame(
      responses(one).map(({ fields }) => fields),
      [whole(COMMON), whole(COMMON)],
    );
  }
  const usual = new OpenedConnection({ hot: HOT, hotFields: [COMMON] }).greet(setting(TABLE_SIZE, 4096));
  usual.send(get(1));
  t.not(usual.of('headers')[0]?.payload[0], TABLE_OF_0);
});

t.test('a client that makes its table small later is told, and gets whole fields from then on', async (t) => {
  const one = new OpenedConnection({ hot: HOT, hotFields: [COMMON] }).greet();
  one.send(get(1), get(3), frame('settings', 0, 0, setting(TABLE_SIZE, 0)), get(5), get(7));
  t.strictSame(
    one.of('headers').map(({ payload }) => payload[0] === TABLE_OF_0),
    [false, false, true, false],
  );
  const got = responses(one);
  t.strictSame(
    got.map(({ fields }) => fields),
    [1, 2, 3, 4].map(() => whole(COMMON)),
  );
  t.ok((got[3]?.bytes ?? 0) > (got[1]?.bytes ?? 0) + 50);
});
