import t from 'tap';
import { parseRedirects } from '../../../../../shared/site/rules/redirects-file.ts';
import { threadCpuMs } from '../../../../helpers/thread-cpu.ts';

const read = (content: string) =>
  parseRedirects(content).rules.map(({ pattern, target, status, isForced }) =>
    [pattern.text, target.text, status, ...(isForced ? ['forced'] : [])].join(' '),
  );

t.test('rules', async (t) => {
  const content = `# moved
/a /b
/c   /d  302   # for now
/e /f 301!
/g/* /h/:splat 200
/i/:x/* https://example.com/:x/:splat?y=1#z 308
/* /404.html 404
/old /gone.html 410!
/j /k#part 303
/l /m?n=o 307
`;
  t.strictSame(parseRedirects(content).faults, []);
  t.strictSame(read(content), [
    '/a /b 301',
    '/c /d 302',
    '/e /f 301 forced',
    '/g/* /h/:splat 200',
    '/i/:x/* https://example.com/:x/:splat?y=1#z 308',
    '/* /404.html 404',
    '/old /gone.html 410 forced',
    '/j /k#part 303',
    '/l /m?n=o 307',
  ]);
});

t.test('bad lines, by number', async (t) => {
  for (const [rule, fault] of [
    ['/a', /FROM TO/],
    ['a /b', /begins with \//],
    ['/a b', /neither a path/],
    ['/a //evil.example', /neither a path/],
    ['/a ftp://example.com/', /neither a path/],
    ['/* https://:splat/', /neither a path/],
    ['/* https://a.:splat/', /neither a path/],
    ['/a https://example.com:splat/', /neither a path/],
    ['/a javascript:alert(1)', /neither a path/],
    ['/a /b 200 Country=de', /not supported/],
    ['/a id=:id /b', /not supported/],
    ['/a /b Language=de', /not supported/],
    ['/a /b 418', /418 is no status/],
    ['/a /b 3011', /3011 is no status/],
    ['/a /b now', /now is no status/],
    ['/a https://example.com/ 200', /a page of this site/],
    ['/a /b?c 200', /without query/],
    ['/a /:splat', /:splat stands for nothing/],
    ['/:a /:b', /:b stands for nothing/],
    ['/a /b"c', /no URL can have/],
    ['/*/* /b', /more than one \*/],
    ['/a /%zz 200', /percent-encoded/],
    [`/* /${':splat/'.repeat(11)}`, /there are 11 placeholders; 10 is the most/],
  ] as const) {
    const { faults, rules } = parseRedirects(`# first\n/ok /fine\n${rule}\n`);
    t.match(faults, [{ line: 3, fault }], rule);
    t.equal(rules.length, 1, rule);
  }
});

t.test('a line of spaces takes no longer than another', async (t) => {
  const began = threadCpuMs();
  const { faults, rules } = parseRedirects(`/a /b${' '.repeat(3980)}x\n`.repeat(130));
  t.equal(faults.length, 100, 'some are told');
  t.equal(rules.length, 0);
  t.ok(threadCpuMs() - began < 2000);
});
