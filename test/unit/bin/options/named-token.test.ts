import { join } from 'node:path';
import { Readable } from 'node:stream';
import t from 'tap';
import { namedToken } from '../../../../bin/options/named-token.ts';

t.test('a token stands for itself, or comes from a file or standard input', async (t) => {
  const folder = t.testdir({ token: 'skj_1\n', empty: ' \n', long: 'x'.repeat(5000) });
  t.equal(await namedToken('skj_1'), 'skj_1');
  t.equal(await namedToken(`@${join(folder, 'token')}`), 'skj_1');
  t.equal(await namedToken('-', Readable.from(['skj', '_1\r\n'])), 'skj_1');
  for (const name of ['empty', 'long', 'missing'])
    await t.rejects(namedToken(`@${join(folder, name)}`), { code: 'bad-config' }, name);
  await t.rejects(namedToken('-', Readable.from([])), { code: 'bad-config' });
});
