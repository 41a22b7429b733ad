import t from 'tap';
import { rememberDev, siteAddress } from '../../../../bin/options/site-address.ts';

t.test('where readers find a site', async (t) => {
  const origin = 'http://127.0.0.1:7400';
  const data = t.testdir({});
  const at = (domains: string[], from = origin) =>
    siteAddress({ name: 'docs', domains }, { origin: from, data });
  t.equal(at(['*.docs.example', 'docs.example', 'other.example']), 'http://docs.example/');
  t.match(
    at([]),
    /^http:\/\/docs\.localhost:7500\/ on the host of an edge, or on the port that the edge was given; see skerry sites set docs --domain$/,
  );
  t.match(at(['*.docs.example']), /^http:\/\/docs\.localhost:7500\/ on/);
  await rememberDev(data, origin, [7511, 7512]);
  t.equal(at([]), 'http://docs.localhost:7511/');
  t.equal(at([], `${origin}/`), 'http://docs.localhost:7511/');
  t.match(at([], 'https://origin.example'), /:7500/, 'another origin is not that of dev');
});
