import t from 'tap';
import { checkUnpublished, planSite, type SiteSituation } from '../../../../origin/catalog/site-plan.ts';
import { DEFAULT_POLICY } from '../../../../shared/site/site-policy.ts';

const others = [
  { name: 'own', domains: ['own.example'] },
  { name: 'blog', domains: ['blog.example', '*.wild.example'] },
];
const existing = { domains: ['own.example'], policy: { ...DEFAULT_POLICY, pinned: ['/a'] } };
const plan = (changes: Partial<SiteSituation>) =>
  planSite({
    ...{ name: 'own', existing: undefined, domains: undefined, policy: undefined },
    ...{ rights: 'all', sites: () => others },
    ...changes,
  });

t.test('what is not given stays as it is', async (t) => {
  t.strictSame(plan({}), { domains: [], policy: DEFAULT_POLICY }, 'a new site has what all begin with');
  t.equal(plan({ existing }), undefined, 'nothing is asked of one that exists');
  t.strictSame(plan({ existing, domains: [] }), { ...existing, domains: [] });
  t.strictSame(plan({ existing, policy: { mode: 'sync' } }), {
    domains: ['own.example'],
    policy: { ...existing.policy, mode: 'sync' },
  });
  t.strictSame(plan({ existing, domains: ['own.example'] }), existing, 'what it has is not taken from it');
});

t.test('domains are those of one site, and of who has the right to them', async (t) => {
  t.throws(() => plan({ domains: ['blog.example'] }), {
    code: 'domain-taken',
    message: 'blog.example belongs to the site blog',
  });
  t.throws(() => plan({ domains: ['a.wild.example'] }), { code: 'domain-taken', message: /overlaps/ });
  const rights = ['*.docs.example'];
  t.strictSame(plan({ rights, domains: ['a.docs.example'] })?.domains, ['a.docs.example']);
  t.throws(() => plan({ rights, domains: ['other.example'] }), { code: 'forbidden' });
  t.throws(() => plan({ rights, existing, domains: [] }), { code: 'forbidden' }, 'nor takes away another');
  t.throws(
    () => plan({ rights, domains: ['blog.example'] }),
    { code: 'forbidden' },
    'tells no stranger who has it',
  );
});

t.test('no other sites are read where no domains are given', async () => {
  const sites = () => {
    throw new Error('they are not needed');
  };
  plan({ policy: { mode: 'sync' }, sites });
  plan({ domains: [], sites });
});

t.test('a site counts as published as soon as it shows something, is about to, or has a name', async (t) => {
  const bare = { name: 'own', revision: 0, pending: null, domains: [] };
  checkUnpublished(bare, true);
  t.throws(() => checkUnpublished(bare, false), { code: 'site-published' });
  for (const more of [
    { revision: 1 },
    { pending: { revision: 1, mode: 'batch', since: 1 } as const },
    { domains: ['own.example'] },
  ])
    t.throws(() => checkUnpublished({ ...bare, ...more }, true), { code: 'site-published' });
});

t.test('a preview domain is claimed like the names below it', async (t) => {
  const previews = (domain: string | null) => ({ policy: { previews: { domain } } });
  t.equal(plan(previews('Preview.Own.example'))?.policy.previews.domain, 'preview.own.example');
  t.throws(() => plan(previews('wild.example')), { code: 'domain-taken' });
  t.throws(() => plan({ ...previews('preview.example'), rights: [] }), { code: 'forbidden' });
  t.ok(plan({ ...previews('preview.example'), rights: ['*.preview.example'] }));
  t.throws(() => plan(previews('com')), { code: 'bad-domain' });
  t.throws(() => plan(previews('*.own.example')), { code: 'bad-domain' });
});

t.test('aliases stand only beside domains that lie below a registrable one', async (t) => {
  const under = (domain: string) => plan({ policy: { previews: { under: [domain] } } });
  t.strictSame(under('WWW.own.example')?.policy.previews.under, ['www.own.example']);
  for (const domain of ['own.co.uk', 'user.github.io', '*.own.example'])
    t.throws(() => under(domain), { code: 'bad-policy' }, domain);
  t.throws(() => plan({ policy: { previews: { private: true } } }), { code: 'bad-policy' });
});
