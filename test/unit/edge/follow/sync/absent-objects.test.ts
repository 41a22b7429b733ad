import t from 'tap';
import { AbsentObjects } from '../../../../../edge/follow/sync/absent-objects.ts';
import type { ContentPath } from '../../../../../shared/content/content-path.ts';
import type { Change } from '../../../../../shared/content/diff.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';

const put: Change = {
  kind: 'put',
  entry: {
    ...{ path: 'a' as ContentPath, digest: digestOf('a'), size: 1, chunks: null },
    ...{ type: 'text/plain', meta: [], time: 0 },
  },
};
const page = Array<Change>(1000).fill(put);

t.test('more lacking objects than memory may hold are not named, and no more are looked up', async (t) => {
  let looked = 0;
  const absent = new AbsentObjects({
    async lacking(objects) {
      looked += objects.length;
      return [...objects];
    },
  });
  for (let i = 0; i < 20; i++) await absent.next(page);
  t.equal(await absent.end(), undefined);
  t.equal(looked, 11_000);
});

t.test('a look-up that fails ends the staging', async (t) => {
  const absent = new AbsentObjects({
    async lacking() {
      throw new Error('the disk is gone');
    },
  });
  await absent.next(page);
  await absent.next(page);
  await t.rejects(absent.next(page), /the disk is gone/);
});
