import t from 'tap';
import { schema } from '../../../../shared/json/schema.ts';
import { commitRequestSchema } from '../../../../shared/wire/deploy-api.ts';

t.test('a message is any text of up to 1000 characters that a database can store', async (t) => {
  const { parse } = schema(commitRequestSchema);
  for (const message of ['', 'Ä\n\t🙂', 'x'.repeat(1000)]) t.strictSame(parse({ message }), { message });
  for (const message of ['\u0000', 'before\u0000after', 'a\n\u0000', 'x'.repeat(1001)])
    t.throws(() => parse({ message }), { code: 'bad-request' });
});
