import t from 'tap';
import { replaces } from '../../../../origin/catalog/receipt-state.ts';
import { digestOf } from '../../../../shared/content/digest.ts';
import type { Receipt } from '../../../../shared/log/receipt.ts';

t.test('a receipt stays until a later one covers something else', async (t) => {
  const receipt = (since: number, covers: string): Receipt => ({
    ...{ log: 'l', epoch: 1, edge: 'paris', site: 1, revision: 1, root: digestOf('root'), seq: 4 },
    ...{ since, covers, sig: 's' },
  });
  const kept = receipt(10, 'all');
  t.equal(replaces(receipt(11, 'a/'), kept), true);
  t.equal(replaces(receipt(11, 'all'), kept), false, 'the same again');
  t.equal(replaces(receipt(9, 'a/'), kept), false, 'one from before it');
  t.equal(replaces(receipt(10, 'a/'), kept), false, 'nor of the same moment');
});
