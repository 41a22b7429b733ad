import t from 'tap';
import type { NamedByRequests, RequestNames } from '../../../../origin/catalog/bucket-calls.ts';
import type { StoredToken } from '../../../../origin/catalog/token-calls.ts';
import { RequestRows } from '../../../../origin/s3-door/signing/request-rows.ts';

const named = (token: string): RequestNames => ({ token, bucket: undefined, path: undefined });

t.test('requests of a client share a call, and clients do not share one', async (t) => {
  const calls: (readonly string[])[] = [];
  const rows = new RequestRows({
    async namedByRequests(requests): Promise<NamedByRequests> {
      const ids = requests.map(({ token }) => token);
      calls.push(ids);
      return {
        tokens: new Map(ids.map((id) => [id, { id } as StoredToken])),
        ...{ sites: new Map(), objects: [] },
      };
    },
  });
  const asked = ['a', 'b', 'c', 'c'].map((token) => rows.read('one', named(token)));
  const other = rows.read('two', named('d'));
  const found = (await Promise.all([...asked, other])).map(({ token }) => token?.id);
  t.strictSame(found, ['a', 'b', 'c', 'c', 'd']);
  t.strictSame(calls, [['a'], ['d'], ['b', 'c', 'c']]);
});
