import t from 'tap';
import { checkUpstream } from '../../../../../edge/follow/upstream/upstream-address.ts';
import { upstreamAddresses } from '../../../../../edge/follow/upstream/upstreams.ts';

t.test('what an edge replicates goes over TLS, or stays on this machine', async (t) => {
  for (const url of [
    'https://origin.example',
    'https://paris@10.0.0.1:7501',
    'http://127.0.0.1:7400',
    'http://[::1]',
  ])
    t.doesNotThrow(() => checkUpstream(url, false), url);
  for (const url of [
    'http://origin.example',
    'http://10.0.0.1:7400',
    'http://paris@10.0.0.1',
    'http://0.0.0.0',
  ]) {
    t.throws(() => checkUpstream(url, false), { code: 'clear-text' }, url);
    t.doesNotThrow(() => checkUpstream(url, true), `${url} --insecure`);
  }
});

t.test('what is no address', async (t) => {
  for (const text of ['', 'origin', 'origin.example:7400', 'ftp://origin.example', '//origin'])
    t.throws(() => checkUpstream(text, true), { code: 'bad-config' }, text);
});

t.test('a name before the host is that of the edge that must answer', async (t) => {
  t.same(upstreamAddresses(['https://paris@10.0.0.1:7501', 'https://origin.test'], 'https://origin.test'), [
    { url: 'https://paris@10.0.0.1:7501', isOrigin: false, member: 'paris' },
    { url: 'https://origin.test', isOrigin: true, member: undefined },
  ]);
});
