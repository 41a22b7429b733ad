import t from 'tap';
import { isLinkedIn } from '../../../../../edge/serve/site/page-links.ts';

t.test('the links of a page', async (t) => {
  const table: readonly [text: string, path: string, isLinked: boolean][] = [
    ['<script src="/assets/app.1.js">', '/assets/app.1.js', true],
    ["<script src='../app.1.js?v=2'>", '/assets/app.1.js', true],
    ['<script src=app.1.js>', '/app.1.js', true],
    ['body { background: url(img/a.png) }', '/img/a.png', true],
    ['<img srcset="/a.png 1x, /b.png 2x">', '/b.png', true],
    ['import("./part.js")', '/part.js', true],
    ['<a href="/news/">', '/news/', true],
    ['<a href="/news">', '/news/', true],
    ['<a href="/news/#top">', '/news/', true],
    ['{"url":"\\/app.1.js"}', '/app.1.js', true],
    ['<a href="/caf%C3%A9">', '/caf%C3%A9', true],
    ['<a href="/café">', '/caf%C3%A9', true],
    ['<script src="/my-app.1.js">', '/app.1.js', false],
    ['<script src="/app.1.js.map">', '/app.1.js', false],
    ['<script src="/app.1.json">', '/app.1.js', false],
    ['All the news.', '/news', false],
    ['what is news?', '/news', false],
    ['<a href="/my-news"> <a href="/news">', '/news', true],
    ['<a href="/%zz">', '/%zz', true],
    ['<a href="/">', '/', false],
    ['', '/a', false],
  ];
  for (const [text, path, isLinked] of table)
    t.equal(isLinkedIn(Buffer.from(text), path), isLinked, `${path} in ${text}`);
});

t.test('a page is not searched for long', async (t) => {
  const page = (name: string) => Buffer.from(`${'ex '.repeat(100_000)} <a href="/${name}">`);
  t.equal(isLinkedIn(page('news'), '/news'), true);
  t.equal(isLinkedIn(page('x'), '/x'), undefined, 'the name is everywhere in the page');
});
