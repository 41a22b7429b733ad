import t from 'tap';
import { Type } from 'typebox';
import { schema } from '../../../../shared/json/schema.ts';

/** A list that says how many of its items were looked at. */
function watched(length: number) {
  let looks = 0;
  const item = new Proxy(
    {},
    {
      ownKeys: () => {
        looks++;
        return [];
      },
      has: () => {
        looks++;
        return false;
      },
      get: () => {
        looks++;
        return undefined;
      },
    },
  );
  return { list: Array.from({ length }, () => item), looks: () => looks };
}

t.test('a list that is longer than it may be is refused unread', async (t) => {
  const items = Type.Array(Type.Object({ kind: Type.String() }), { maxItems: 3 });
  const forms = {
    itself: { parsed: schema(items), in: (list: unknown) => list },
    'of an object': { parsed: schema(Type.Object({ a: items })), in: (list: unknown) => ({ a: list }) },
    'that may be null': {
      parsed: schema(Type.Object({ of: Type.Object({ a: Type.Union([items, Type.Null()]) }) })),
      in: (list: unknown) => ({ of: { a: list } }),
    },
  };
  for (const [name, form] of Object.entries(forms)) {
    const { list, looks } = watched(100_000);
    t.throws(() => form.parsed.parse(form.in(list)), { message: /more than 3 items/ }, name);
    t.equal(looks(), 0, name);
    const few = watched(3);
    t.throws(() => form.parsed.parse(form.in(few.list)), { message: /kind/ }, `${name}: its items`);
    t.ok(few.looks() > 0);
  }
});

t.test('what is refused is named', async (t) => {
  const parsed = schema(Type.Object({ a: Type.Array(Type.Integer(), { maxItems: 3 }), b: Type.String() }));
  t.throws(() => parsed.parse({ a: [1, 'x'], b: '' }), {
    code: 'bad-request',
    message: 'a/1 must be integer',
  });
  t.throws(() => parsed.parse({ a: [1] }), { message: /b/ });
  t.throws(() => parsed.parse({ a: 1, b: '' }), { message: 'a must be array' });
  t.throws(() => parsed.parse(null, 'bad-config'), { code: 'bad-config' });
  t.strictSame(parsed.parse({ a: [1, 2, 3], b: '' }), { a: [1, 2, 3], b: '' });
});

const place = Type.Object(
  { name: Type.String({ pattern: '^[a-z]+$' }), at: Type.Array(Type.Integer({ minimum: 0 })) },
  { additionalProperties: false },
);
const ENOUGH = 150;

/** Values, and what is said of those that do not fit. */
const TABLE: readonly (readonly [value: unknown, refusal?: RegExp])[] = [
  [{ name: 'one', at: [0, 1] }],
  [{ name: 'one', at: [] }],
  [{ name: 'One', at: [] }, /^name /],
  [{ name: 'one', at: [1, -1] }, /^at\/1 /],
  [{ name: 'one' }, /at/],
  [{ name: 'one', at: [], more: 1 }, /./],
  [[], /./],
  [null, /./],
];

t.test('a schema says the same at its first use and when it has been compiled', async (t) => {
  const asked = schema(place);
  const said = (value: unknown) => {
    try {
      return asked.parse(value, 'bad-policy') === value;
    } catch (error) {
      t.match(error, { code: 'bad-policy' });
      return String(error);
    }
  };
  const first = TABLE.map(([value]) => said(value));
  for (const [i, [, refusal]] of TABLE.entries())
    if (refusal === undefined) t.equal(first[i], true);
    else t.match(String(first[i]).replace(/^SkerryError: /, ''), refusal);
  for (let i = 0; i < ENOUGH; i++) asked.parse({ name: 'one', at: [] });
  t.strictSame(
    TABLE.map(([value]) => said(value)),
    first,
  );
});

t.test('so does one that is asked about a long text', async (t) => {
  const at = Array.from({ length: 5000 }, (_, i) => i);
  t.strictSame(schema(place).parseText(JSON.stringify({ name: 'one', at })), { name: 'one', at });
  t.throws(() => schema(place).parseText(JSON.stringify({ name: 'one', at: [...at, -1] })), {
    code: 'bad-request',
    message: /^at\/5000 /,
  });
});
