import t from 'tap';
import { MOST_WANTS, wantsText } from '../../../../shared/wire/wants.ts';
import { cli } from '../../../helpers/cli.ts';

t.test('what an edge wants is bounded by what the head of a request can carry', async (t) => {
  t.equal(wantsText({ sites: ['a'], prefixes: null }), '{"sites":["a"],"prefixes":null}');
  const most = 'a'.repeat(MOST_WANTS);
  t.throws(() => wantsText({ sites: null, prefixes: [most] }), { code: 'bad-config', message: '--prefix' });
  t.throws(() => wantsText({ sites: null, prefixes: ['/'.repeat(MOST_WANTS / 2)] }), { code: 'bad-config' });
});

t.test('an edge that wants too much does not start', async (t) => {
  const sites = Array.from({ length: 1000 }, (_, i) => `site-number-${i}`).join(',');
  const { code, stderr } = await cli(['edge', '--data', `${t.testdir({})}/data`, '--sites', sites]);
  t.equal(code, 1);
  t.match(stderr, '--sites');
});
