import t from 'tap';
import { parseHeaders } from '../../../../shared/site-rules/headers-file.ts';

const read = (content: string) => {
  const { rules, faults } = parseHeaders(content);
  return { faults, rules: rules.map(({ pattern, set, removed }) => ({ on: pattern.text, set, removed })) };
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
    ['not UTF-8', '/a\n  B: \uFFFD', 2, /not UTF-8/],
  ] as const) {
    const { faults } = parseHeaders(content);
    t.match(faults, [{ line, fault }], name);
    t.equal(faults.length, 1, name);
  }
  const many = Array.from({ length: 4001 }, (_, i) => `/${i}`).join('\n');
  t.match(parseHeaders(many).faults, [{ line: 4001, fault: /more than 4000 rules/ }]);
});
