import t from 'tap';
import { pathPattern } from '../../../../shared/site-rules/path-pattern.ts';

const pattern = (text: string) => {
  const found = pathPattern(text);
  if ('fault' in found) throw new Error(found.fault);
  return found;
};

t.test('what patterns match, and what their placeholders stand for', async (t) => {
  const table: [string, string, Record<string, string> | undefined][] = [
    ['/', '/', {}],
    ['/', '/a', undefined],
    ['/a', '/a', {}],
    ['/a', '/a/', {}],
    ['/a/', '/a', {}],
    ['/a', '/A', undefined],
    ['/a', '/a/b', undefined],
    ['/a.b', '/axb', undefined],
    ['/a%20b', '/a b', {}],
    ['/ünï', '/ünï', {}],
    ['/*', '/', { splat: '' }],
    ['/*', '/a/b', { splat: 'a/b' }],
    ['/*', '/a/', { splat: 'a/' }],
    ['/blog/*', '/blog', { splat: '' }],
    ['/blog/*', '/blog/', { splat: '' }],
    ['/blog/*', '/blog/x/y', { splat: 'x/y' }],
    ['/blog/*', '/blogs', undefined],
    ['/*.jpg', '/a/b.jpg', { splat: 'a/b' }],
    ['/*.jpg', '/a/b.png', undefined],
    ['/a*', '/abc/d', { splat: 'bc/d' }],
    ['/*/end', '/a/b/end', { splat: 'a/b' }],
    ['/:id', '/7', { id: '7' }],
    ['/:id', '/7/', { id: '7' }],
    ['/:id', '/', undefined],
    ['/:id', '/7/8', undefined],
    ['/a/:x/b/:y', '/a/1/b/2', { x: '1', y: '2' }],
    ['/*/by/:who', '/x/y/by/me', { splat: 'x/y', who: 'me' }],
    ['/:who/*', '/me/x/y', { who: 'me', splat: 'x/y' }],
    ['/a:b', '/a:b', {}],
    ['/:1', '/:1', {}],
  ];
  for (const [text, path, captures] of table) {
    t.strictSame(pattern(text).match(path), captures, `${text} and ${path}`);
  }
});

t.test('what is no pattern', async (t) => {
  for (const [text, fault] of [
    ['a', /begins with \//],
    ['', /begins with \//],
    ['https://example.com/a', /begins with \//],
    ['/a?b=c', /query/],
    ['/a#b', /fragment/],
    ['/*/*', /more than one \*/],
    ['/:a/:a', /:a twice/],
    ['/:splat/*', /:splat twice/],
    ['/%zz', /percent-encoded/],
  ] as const) {
    const found = pathPattern(text);
    t.match('fault' in found ? found.fault : '', fault, text);
  }
});

t.test('a hostile path takes no longer than another', async (t) => {
  const one = pattern('/:a/*/x/:b/y/:c');
  t.equal(one.match(`/${'x/y/'.repeat(200)}`), undefined);
});
