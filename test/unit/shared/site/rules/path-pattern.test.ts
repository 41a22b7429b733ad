import t from 'tap';
import { pathPattern } from '../../../../../shared/site/rules/path-pattern.ts';
import { threadCpuMs } from '../../../../helpers/thread-cpu.ts';

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
    ['/:a*', '/:ab', { splat: 'b' }],
    ['/a*b/:c', '/a/x/b/d', { splat: '/x/', c: 'd' }],
    ['/a*b', '/ab', { splat: '' }],
    ['/ab*b', '/ab', undefined],
    ['/%2A', '/*', {}],
    ['/%2A', '/a', undefined],
    ['/%3Aid', '/:id', {}],
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
    [`/${Array.from({ length: 11 }, (_, i) => `:a${i}`).join('/')}`, /11 placeholders; 10 is the most/],
  ] as const) {
    const found = pathPattern(text);
    t.match('fault' in found ? found.fault : '', fault, text);
  }
});

t.test('a hostile path takes no longer than another', async (t) => {
  const hostile: [string, string][] = [
    ['/:a/*/x/:b/y/:c', `/${'x/y/'.repeat(4000)}`],
    ['/*/:a/:b/:c/:d/:e/:f/:g/:h/end', `/${'x/'.repeat(8000)}`],
    [`/${'%2A'.repeat(12)}x*y`, `/${'*'.repeat(16_000)}`],
    [`/${'a'.repeat(1000)}*${'a'.repeat(1000)}b`, `/${'a'.repeat(16_000)}`],
  ];
  for (const [text, path] of hostile) {
    const one = pattern(text);
    const began = threadCpuMs();
    for (let i = 0; i < 100; i++) t.equal(one.match(path), undefined);
    t.ok(threadCpuMs() - began < 2000, text);
  }
});
