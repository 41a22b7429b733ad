import t from 'tap';
import { parseHeaders } from '../../../../../shared/site/rules/headers-file.ts';

const read = (content: string) => {
  const { rules, faults } = parseHeaders(content);
  const shown = rules.map(({ pattern, set, removed }) => ({
    on: pattern.text,
    set: set.map(([name, value]) => [name, value.text]),
    removed,
  }));
  return { faults, rules: shown };
};

t.test('rules', async (t) => {
  const content = `\uFEFF# security\r
/*
  X-Frame-Options: DENY

  # between
  X-Frame-Options: SAMEORIGIN
\tCache-Tag: all, pages
/assets/:name
  ! Cache-Control
  Link: </:name.map>; rel="sourcemap", <https://example.com/>; rel=preconnect
/empty
`;
  t.strictSame(read(content), {
    faults: [],
    rules: [
      {
        on: '/*',
        set: [
          ['x-frame-options', 'DENY'],
          ['x-frame-options', 'SAMEORIGIN'],
          ['cache-tag', 'all, pages'],
        ],
        removed: [],
      },
      {
        on: '/assets/:name',
        set: [['link', '</:name.map>; rel="sourcemap", <https://example.com/>; rel=preconnect']],
        removed: ['cache-control'],
      },
      { on: '/empty', set: [], removed: [] },
    ],
  });
  t.strictSame(read(''), { faults: [], rules: [] });
});

t.test('bad lines, by number', async (t) => {
  for (const [name, content, line, fault] of [
    ['no path before', '  A: b', 1, /before the first path/],
    ['a path that is none', '/a\n  B: c\nassets/*\n  B: c', 3, /begins with \//],
    ['no colon', '/a\n  B', 2, /write Name: value/],
    ['no value', '/a\n  B:  ', 2, /b has no value/],
    ['no name', '/a\n  B c: d', 2, /no name for a header/],
    ['a name with a colon first', '/a\n  :status: 200', 2, /no name for a header/],
    ['of the server', '/a\n  Content-Length: 1', 2, /content-length is set by the server/],
    ['of a connection', '/a\n  Http2-Settings: x', 2, /http2-settings is set by the server/],
    ['of the server, removed', '/a\n  ! ETag', 2, /etag is set by the server/],
    ['a control character', '/a\n  B: c\0d', 2, /no header can have/],
    ['beyond Latin-1', '/a\n  B: \u20ac', 2, /no header can have/],
    ['no splat', '/a\n  B: /:splat', 2, /has no \*/],
    ['too long', `/a\n  B: ${'c'.repeat(4000)}`, 2, /longer than 4000/],
    ['of another host', '/*\n  Basic-Auth: me:secret', 2, /--private-path/],
    ['of another host, taken away', '/*\n  ! basic-auth', 2, /--private-path/],
    ['not UTF-8', '/a\n  B: \uFFFD', 2, /not UTF-8/],
    [
      'many placeholders',
      `/*\n  B: ${':splat'.repeat(11)}`,
      2,
      /value of b: there are 11 placeholders; 10 is/,
    ],
    ['many values', `/a\n${`  B: ${'c'.repeat(3900)}\n`.repeat(4)}`, 5, /more than the 12288 bytes/],
    ['in rules of one path', `/a\n${`  B: ${'c'.repeat(3900)}\n/a/\n`.repeat(4)}`, 8, /more than the 12288/],
    [
      'with those for all',
      `/*\n${`  B: ${'c'.repeat(3900)}\n`.repeat(3)}/a\n  C: ${'c'.repeat(999)}`,
      6,
      /more than/,
    ],
    [
      'before those for all',
      `/a\n${`  B: ${'c'.repeat(3900)}\n`.repeat(3)}/*\n  C: ${'c'.repeat(999)}`,
      6,
      /more than/,
    ],
  ] as const) {
    const { faults } = parseHeaders(content);
    t.match(faults, [{ line, fault }], name);
    t.equal(faults.length, 1, name);
  }
  const many = Array.from({ length: 9001 }, (_, i) => `/${i}`).join('\n');
  t.match(parseHeaders(many).faults, [{ line: 2001, fault: /more than 2000 rules/ }]);
  t.equal(parseHeaders(many).faults.length, 1, 'nothing is read beyond');
  const dynamic = Array.from({ length: 501 }, (_, i) => `/${i}/*`).join('\n');
  t.match(parseHeaders(dynamic).faults, [{ line: 501, fault: /more than 500 rules with placeholders/ }]);
  const { faults } = parseHeaders(`${dynamic}\n  A: b\n`);
  t.equal(faults.length, 1, 'and what belongs to it is passed over');
  const lines = Array.from({ length: 1000 }, (_, i) => `/${i}\n${'  A: b\n'.repeat(7)}`).join('');
  t.match(parseHeaders(lines).faults.at(0), { line: 5716, fault: /more than 5000 lines of headers/ });
  const removals = `/a\n${'  ! B\n'.repeat(400)}`;
  t.match(parseHeaders(removals).faults.at(0), { line: 374, fault: /more than the 12288 bytes/ });
  t.equal(parseHeaders('a\n'.repeat(200_000)).faults.length, 100, 'some are told');
});
