import t from 'tap';
import {
  type Holder,
  type LostObject,
  planStoreRepair,
  type StoreRepairState,
} from '../../../../origin/reconcile/store-repair-plan.ts';
import { digestOf } from '../../../../shared/content/digest.ts';
import { MOST_UPLOADED } from '../../../../shared/work/upload-objects.ts';
import { threadCpuMs } from '../../../helpers/thread-cpu.ts';

const holder = (name: string, changes: Partial<Holder> = {}): Holder => ({
  ...{ name, isHealthy: true, canUpload: true, isDirect: true, isFull: true, siteLists: [], load: 0 },
  ...changes,
});
const lost = (text: string, changes: Partial<LostObject> = {}): LostObject => ({
  ...{ digest: digestOf(text), size: 10, sites: ['docs'] },
  ...changes,
});
const [one, two] = [lost('one'), lost('two')];
const NOBODY: StoreRepairState = { lost: [one], holders: [], asked: new Map(), failedAt: () => new Set() };

/** `edge: object, object` for each request, and what is unobtainable. */
function planned(state: Partial<StoreRepairState>): { asks: string[]; unobtainable: number } {
  const { requests, unobtainable } = planStoreRepair({ ...NOBODY, ...state });
  const nameOf = ({ digest }: LostObject) => (digest === one.digest ? 'one' : 'two');
  return {
    asks: requests.map(({ edge, objects }) => `${edge}: ${objects.map(nameOf).join(' ')}`),
    unobtainable: unobtainable.length,
  };
}

t.test('who is asked', async (t) => {
  const failed = (...names: string[]) => ({ failedAt: () => new Set(names) });
  const cases: [name: string, state: Partial<StoreRepairState>, asks: string[], unobtainable?: number][] = [
    ['nothing is lost', { lost: [], holders: [holder('oslo')] }, []],
    ['nobody is there', {}, [], 1],
    ['an edge that has it', { lost: [one, two], holders: [holder('oslo')] }, ['oslo: one two']],
    ['an edge that is away', { holders: [holder('oslo', { isHealthy: false })] }, [], 1],
    ['an older edge', { holders: [holder('oslo', { canUpload: false })] }, [], 1],
    [
      'one that follows the origin first',
      { holders: [holder('child', { isDirect: false }), holder('oslo', { isFull: false, load: 9 })] },
      ['oslo: one'],
    ],
    [
      'a full one first',
      { holders: [holder('lazy', { isFull: false }), holder('oslo', { load: 9 })] },
      ['oslo: one'],
    ],
    [
      'the least busy',
      { holders: [holder('oslo', { load: 9 }), holder('rome', { load: 1 })] },
      ['rome: one'],
    ],
    ['then another', { holders: [holder('oslo'), holder('rome')], ...failed('oslo') }, ['rome: one']],
    ['when all have failed', { holders: [holder('oslo'), holder('rome')], ...failed('oslo', 'rome') }, [], 1],
    ['not an edge of other sites', { holders: [holder('oslo', { siteLists: [['shop']] })] }, [], 1],
    [
      'each edge hears of its own sites only',
      {
        lost: [one, lost('two', { sites: ['shop'] })],
        holders: [
          holder('oslo', { siteLists: [['docs']] }),
          holder('rome', { siteLists: [['shop', 'other']] }),
        ],
      },
      ['oslo: one', 'rome: two'],
    ],
    [
      'not an edge that may read the site and does not replicate it',
      { holders: [holder('oslo', { siteLists: [['docs', 'shop'], ['shop']] })] },
      [],
      1,
    ],
    ['what no site names', { lost: [lost('one', { sites: [] })], holders: [holder('oslo')] }, [], 1],
    [
      'not twice at a time',
      { lost: [one, two], holders: [holder('oslo')], asked: new Map([['oslo', new Set([one.digest])]]) },
      [],
    ],
  ];
  for (const [name, state, asks, unobtainable = 0] of cases)
    t.strictSame(planned(state), { asks, unobtainable }, name);
});

t.test('a request has an end', async (t) => {
  const many = Array.from({ length: 300 }, (_, i) => lost(`${i}`));
  const [request] = planStoreRepair({ ...NOBODY, lost: many, holders: [holder('oslo')] }).requests;
  t.equal(request?.objects.length, MOST_UPLOADED);
  const large = [lost('a', { size: 5e9 }), lost('b', { size: 1 })];
  const [alone] = planStoreRepair({ ...NOBODY, lost: large, holders: [holder('oslo')] }).requests;
  t.equal(alone?.objects.length, 1);
});

t.test('a large fleet is planned quickly', async (t) => {
  const sites = Array.from({ length: 1000 }, (_, i) => `site-${i}`);
  const holders = Array.from({ length: 1000 }, (_, i) => holder(`edge-${i}`, { siteLists: [sites] }));
  const many = Array.from({ length: 500 }, (_, i) => lost(`${i}`, { sites: [i % 2 ? 'site-990' : 'gone'] }));
  const all = new Set(holders.map(({ name }) => name));
  const began = threadCpuMs();
  const { unobtainable } = planStoreRepair({ ...NOBODY, lost: many, holders, failedAt: () => all });
  t.equal(unobtainable.length, 500);
  // It takes some 50 ms. Asking each edge for each object took eight seconds.
  t.ok(threadCpuMs() - began < 2000);
});
