import { join } from 'node:path';
import { Readable } from 'node:stream';
import t from 'tap';
import { joinToken } from '../../../bin/join-token.ts';

t.test('a join token stands for itself, or comes from a file or standard input', async (t) => {
  const folder = t.testdir({ token: 'skj_1\n', empty: ' \n', long: 'x'.repeat(5000) });
  t.equal(await joinToken('skj_1'), 'skj_1');
  t.equal(await joinToken(`@${join(folder, 'token')}`), 'skj_1');
  t.equal(await joinToken('-', Readable.from(['skj', '_1\r\n'])), 'skj_1');
  for (const name of ['empty', 'long', 'missing'])
    await t.rejects(joinToken(`@${join(folder, name)}`), { code: 'bad-config' }, name);
  await t.rejects(joinToken('-', Readable.from([])), { code: 'bad-config' });
});
