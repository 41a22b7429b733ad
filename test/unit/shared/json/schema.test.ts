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
