import t from 'tap';
import { Type } from 'typebox';
import { schema } from '../../../../shared/json/schema.ts';

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
