import t from 'tap';
import {
  MOST_PARTIALS,
  nameOf,
  PARTIAL_MS,
  type Partial,
  placeOf,
  roomFor,
} from '../../../../origin/ingest/partial-plan.ts';
import { digestOf } from '../../../../shared/content/digest.ts';

const NOW = 1_000_000_000_000;
const place = { site: 7, token: 'abc123', digest: digestOf('new') };
const partial = (i: number, changes: Changes = {}): Partial => ({
  ...{
    site: 7,
    token: 'abc123',
    digest: digestOf(`${i}`),
    size: 1,
    touched: NOW - 1000 + i,
    isActive: false,
  },
  ...changes,
});
type Changes = { -readonly [K in keyof Partial]?: Partial[K] };
const many = (count: number, changes: Changes = {}) =>
  Array.from({ length: count }, (_, i) => partial(i, changes));

t.test('the name of a draft says whose it is', async (t) => {
  t.strictSame(placeOf(nameOf(place)), place);
  for (const name of [
    'upload-1',
    `resumable-7-abc-${place.digest}x`,
    `resumable--abc-${place.digest}`,
    'list-7',
  ])
    t.equal(placeOf(name), undefined, name);
});

t.test('room for an upload', async (t) => {
  t.strictSame(roomFor([], place, NOW), { hasRoom: true, givenUp: [] });
  const full = many(MOST_PARTIALS.perToken);
  t.strictSame(roomFor(full, place, NOW), { hasRoom: true, givenUp: [partial(0)] }, 'the oldest is given up');
  t.strictSame(roomFor(full.slice(1), place, NOW), { hasRoom: true, givenUp: [] });
  t.strictSame(
    roomFor([...full.slice(1), { ...partial(0), ...place }], place, NOW).givenUp,
    [],
    'an upload makes no room for itself',
  );
  t.strictSame(roomFor(many(MOST_PARTIALS.perToken, { isActive: true }), place, NOW), {
    hasRoom: false,
    givenUp: [],
  });
  t.strictSame(roomFor(many(MOST_PARTIALS.perToken, { site: 8 }), place, NOW).givenUp, [], 'of another site');
  const others = [...many(64, { token: 'one' }), ...many(64, { token: 'two', touched: NOW })];
  t.strictSame(
    roomFor(others, place, NOW),
    { hasRoom: true, givenUp: [partial(0, { token: 'one' })] },
    'a site has a limit, too',
  );
});

t.test('old uploads are given up, unless they are running', async (t) => {
  const old = partial(1, { touched: NOW - PARTIAL_MS });
  const young = partial(2, { touched: NOW - PARTIAL_MS + 1 });
  const running = partial(3, { touched: NOW - 2 * PARTIAL_MS, isActive: true });
  t.strictSame(roomFor([old, young, running], place, NOW), { hasRoom: true, givenUp: [old] });
});
