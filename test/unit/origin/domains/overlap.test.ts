import t from 'tap';
import { overlapWith } from '../../../../origin/domains/overlap.ts';
import { checkDomainChange } from '../../../../origin/domains/rights.ts';

const OTHERS = [
  { name: 'b', domains: ['b.test', '*.b.test'] },
  { name: 'c', domains: ['shop.c.test', '*.deep.x.c.test'] },
  { name: 'd', domains: [] },
];

t.test('no name belongs to two sites, in either direction', async (t) => {
  const table: [domain: string, other: string | undefined, site?: string][] = [
    ['b.test', 'b.test', 'b'],
    ['*.b.test', '*.b.test', 'b'],
    ['login.b.test', '*.b.test', 'b'],
    ['a.login.b.test', '*.b.test', 'b'],
    ['*.x.b.test', '*.b.test', 'b'],
    ['shop.c.test', 'shop.c.test', 'c'],
    ['*.c.test', '*.deep.x.c.test', 'c'],
    ['*.x.c.test', '*.deep.x.c.test', 'c'],
    ['*.deep.x.c.test', '*.deep.x.c.test', 'c'],
    ['a.deep.x.c.test', '*.deep.x.c.test', 'c'],
    ['*.test', '*.deep.x.c.test', 'c'],
    ['deep.x.c.test', undefined],
    ['c.test', undefined],
    ['*.shop.c.test', undefined],
    ['x.shop.c.test', undefined],
    ['notb.test', undefined],
    ['*.notb.test', undefined],
    ['test', undefined],
  ];
  for (const [domain, other, site] of table)
    t.strictSame(overlapWith([domain], OTHERS), other && { domain, other, site }, domain);
  t.match(overlapWith(['fine.test', 'x.b.test'], OTHERS), { domain: 'x.b.test' });
  t.equal(overlapWith(['a.test', '*.a.test', 'x.a.test'], OTHERS), undefined, 'a site may hold both');
});

t.test('what is given and what is taken away needs the right', async (t) => {
  const may = (present: string[], wanted: string[], rights: string[]) => {
    try {
      checkDomainChange(present, wanted, rights);
      return true;
    } catch {
      return false;
    }
  };
  const rights = ['docs.test', '*.docs.test'];
  t.ok(may([], [], []));
  t.ok(may(['a.test', 'b.test'], ['b.test', 'a.test'], []), 'nothing is changed');
  t.ok(may([], ['docs.test', 'x.docs.test', 'x.y.docs.test', '*.docs.test', '*.x.docs.test'], rights));
  t.ok(may(['a.test', 'x.docs.test'], ['a.test', 'y.docs.test'], rights), 'others stay');
  t.notOk(may([], ['a.test'], rights));
  t.notOk(may(['a.test'], [], rights));
  t.notOk(may([], ['notdocs.test'], rights));
  t.notOk(may([], ['*.test'], rights));
  t.notOk(may([], ['*.docs.test'], ['docs.test', 'x.docs.test']));
  t.notOk(may([], ['docs.test'], ['*.docs.test']));
  t.doesNotThrow(() => checkDomainChange([], ['any.test'], 'all'));
  t.throws(() => checkDomainChange([], ['a.test'], []), { code: 'forbidden', message: /domains:a\.test/ });
});
