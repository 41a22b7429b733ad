import t from 'tap';
import { FairShare } from '../../../../shared/concurrency/fair-share.ts';

t.test('each has at most as much as is left for the others', async (t) => {
  const share = new FairShare({ inAll: 16 });
  const most = (owner: string) => {
    let count = 0;
    while (share.take(owner) !== undefined) count++;
    return count;
  };
  t.strictSame(['a', 'b', 'c', 'd', 'e', 'f'].map(most), [8, 4, 2, 1, 1, 0]);
});

t.test('what is given back can be taken again; no owner has more than is said', async (t) => {
  const share = new FairShare({ inAll: 100, perOwner: 10 });
  const giveBack = share.take('a', 10);
  t.equal(share.take('a', 1), undefined);
  t.ok(share.take('b', 10));
  giveBack?.();
  t.ok(share.has('a', 10));
  t.notOk(share.has('a', 11));
});

t.test('whether there is something in place of what another has', async (t) => {
  const share = new FairShare({ inAll: 2 });
  share.take('a');
  t.ok(share.take('b'));
  t.notOk(share.has('a') || share.has('c'));
  t.ok(share.hasInPlaceOf('a', 'c'));
  t.ok(share.hasInPlaceOf('a', 'a'));
});
