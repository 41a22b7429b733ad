import t from 'tap';
import type { EntryMeta } from '../../../../shared/content/entry.ts';
import { inOrder, metaFault } from '../../../../shared/content/entry-meta.ts';

const faultOf = (meta: EntryMeta, type = 'text/html') => metaFault({ type, meta });

t.test('what an entry may have', async (t) => {
  t.equal(faultOf([]), undefined);
  const most: EntryMeta = inOrder(Array.from({ length: 32 }, (_, i) => [`x-skerry-meta-${i}`, 'v'] as const));
  t.equal(faultOf(most), undefined);
  t.equal(faultOf([['a', 'x'.repeat(2048 - 32 - 1)]]), undefined);
  for (const type of ['application/vnd.api+json', 'font/woff2', 'x-world/x-3dmf'])
    t.equal(faultOf([], type), undefined, type);
});

t.test('what it may not have', async (t) => {
  const table: [string, EntryMeta, RegExp][] = [
    ['capitals', [['Cache-Control', 'no-store']], /lower case/],
    ['no name', [['', 'x']], /lower case/],
    ['a name with a space', [['a b', 'x']], /lower case/],
    ['a name with a line', [['a\r\nb', 'x']], /lower case/],
    [
      'another order',
      [
        ['b', '1'],
        ['a', '1'],
      ],
      /in its place/,
    ],
    [
      'a name twice',
      [
        ['a', '1'],
        ['a', '2'],
      ],
      /named twice/,
    ],
    ['an empty value', [['a', '']], /empty/],
    ['a value with a line', [['a', 'x\nb: c']], /printable/],
    ['a value with a NUL', [['a', 'x\0']], /printable/],
    ['a value with an umlaut', [['a', 'ö']], /printable/],
    ['a value with a space at its end', [['a', 'x ']], /spaces/],
    ['too many bytes', [['a', 'x'.repeat(2048 - 32)]], /2049 bytes/],
    ['too many pairs', Array.from({ length: 33 }, (_, i) => [`a${i}`, 'x'] as const), /more than 32/],
  ];
  for (const [name, meta, fault] of table) t.match(faultOf(meta), fault, name);
  for (const type of [
    '',
    'html',
    'text/',
    '/html',
    'Text/html',
    'text/html; charset=utf-8',
    'a/b\r\n',
    'a/b/c',
  ])
    t.match(faultOf([], type), /is not a media type/, JSON.stringify(type));
  t.match(faultOf([], `a/${'b'.repeat(254)}`), /is not a media type/);
});
