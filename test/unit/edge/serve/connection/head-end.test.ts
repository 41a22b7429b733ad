import t from 'tap';
import { headEnd } from '../../../../../edge/serve/connection/head-end.ts';

const table: [what: string, before: string, next: string, end: number][] = [
  ['nothing that ends', '', 'GET / HTTP/1.1\r\nHost: a\r\n', 25],
  ['one head', '', 'GET / HTTP/1.1\r\n\r\n', 18],
  ['the first of two heads', '', 'GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n', 18],
  ['an end that began before, by one byte', '\r', '\n\r\nGET', 3],
  ['by two', 'a\r\n', '\r\nGET', 2],
  ['by three', '\r\n\r', '\nGET', 1],
  ['what only looks like it', '\r\n\r', 'GET / HTTP/1.1\r\n\r\n', 18],
  ['an end that was there before', '\r\n\r\n', 'GET / HTTP/1.1\r\n\r\nG', 18],
];

for (const [what, before, next, end] of table)
  t.equal(headEnd(Buffer.from(before), Buffer.from(next)), end, what);

t.test('however a connection is cut, each piece ends at most one head', (t) => {
  const text = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(3);
  for (let at = 0; at <= text.length; at++) {
    let given = '';
    const pieces: string[] = [];
    for (const chunk of [text.slice(0, at), text.slice(at)])
      for (let rest = chunk; rest !== ''; ) {
        const piece = rest.slice(0, headEnd(Buffer.from(given.slice(-3)), Buffer.from(rest)));
        const heads = (given.slice(-3) + piece).split('\r\n\r\n').length - 1;
        if (heads > 1) t.fail(`cut at ${at}: ${JSON.stringify(piece)}`);
        given += piece;
        pieces.push(piece);
        rest = rest.slice(piece.length);
      }
    t.equal(pieces.join(''), text);
  }
  t.end();
});
