import t from 'tap';
import type { TrialError } from '../../../../../edge/messages/counters.ts';
import { textAnswer } from '../../../../../edge/serve/site/answer.ts';
import type { ReaderRequest } from '../../../../../edge/serve/site/decide.ts';
import type { PublishedSite } from '../../../../../edge/serve/site/published-site.ts';
import { pageTexts, TrialSite } from '../../../../../edge/serve/site/trial-site.ts';

/** A site with the content of each path. */
function site(content: Readonly<Record<string, string>>): PublishedSite {
  const statusFor = ({ target }: Pick<ReaderRequest, 'target'>) => (target in content ? 200 : 404);
  return {
    name: 'docs',
    answer: (request: ReaderRequest) => textAnswer(statusFor(request), ''),
    statusFor,
    pageAt: (path: string) => {
      const page = content[path];
      return page === undefined ? undefined : { digest: page, text: () => Buffer.from(page) };
    },
  } as unknown as PublishedSite;
}

function asked(path: string, referer?: string): TrialError[] {
  const noted: TrialError[] = [];
  const base = { '/a': 'a', '/same': 's', '/changed': 'old <a href="/gone.js">' };
  const trial = { '/b': 'b', '/same': 's', '/changed': 'new <script src="/new.js"> <a href="gone.js">' };
  const tried = new TrialSite(site(trial), site(base), pageTexts(), (error) => noted.push(error));
  const headers = referer === undefined ? {} : { referer };
  tried.answer({ method: 'GET', target: path, headers, client: '::1', host: 'docs.example:7500' });
  return noted;
}

t.test('an error counts when the base has none', async (t) => {
  t.strictSame(asked('/a', 'http://docs.example:7500/same?q=1'), [
    { isLost: true, path: '/a', status: 404, before: 200, referer: '/same' },
  ]);
  t.match(asked('/a'), [{ isLost: true, referer: null }]);
  t.strictSame(asked('/b'), []);
  t.strictSame(asked('/never'), [], 'what never was');
});

t.test('what neither has is lost when only the new page links to it', async (t) => {
  t.match(asked('/new.js', 'http://docs.example:7500/changed'), [{ isLost: true, status: 404, before: 404 }]);
  t.match(asked('/gone.js', 'http://docs.example:7500/changed'), [{ isLost: false }], 'an old broken link');
});

t.test('what a request of a reader of the base would get now', async (t) => {
  const base = { '/': 'old', '/gone': 'g', '/news': 'n', '/kept': 'k' };
  const trial = { '/': 'new <a href="/gone">', '/kept': 'k' };
  const tried = new TrialSite(site(trial), site(base), pageTexts(), () => t.fail('nobody has met an error'));
  const foreseen = (target: string, referer?: string) =>
    tried.foresee({ method: 'GET', target, headers: { referer }, client: '', host: 'docs.example' });
  const lost = { isLost: true, status: 404, before: 200 };
  t.strictSame(foreseen('/news'), { ...lost, path: '/news', referer: null });
  t.match(foreseen('/news', 'https://search.example/'), { ...lost, referer: null }, 'from another site');
  t.match(foreseen('/gone', 'https://docs.example/'), { ...lost, referer: '/' }, 'a page still leads there');
  t.equal(foreseen('/news', 'https://docs.example/'), undefined, 'the page does not lead there any more');
  t.equal(foreseen('/news', 'https://docs.example/gone'), undefined, 'the page is gone, too');
  t.equal(foreseen('/kept'), undefined);
  t.equal(foreseen('/never'), undefined);
});

t.test('what neither has counts when a new page asks for it', async (t) => {
  t.match(asked('/never.js', 'http://docs.example:7500/changed'), [
    { isLost: false, before: 404, referer: '/changed' },
  ]);
  t.match(asked('/never.js', 'http://docs.example:7500/b'), [{ isLost: false }]);
  t.strictSame(asked('/never.js', 'http://docs.example:7500/same'), [], 'the page is as it was');
  t.strictSame(asked('/never.js', 'http://other.example/changed'), [], 'another site');
  t.strictSame(asked('/never.js', 'nonsense'), []);
});
