import t from 'tap';
import {
  coverOf,
  coverText,
  isHeldAlways,
  isServed,
  sameCover,
  WHOLE,
} from '../../../../edge/store/cover.ts';
import { DEFAULT_POLICY } from '../../../../shared/site/site-policy.ts';
import { NO_LIMITS } from '../../../../shared/wire/protocol.ts';

const LAZY = { prefixes: null, pinned: [] };
const PINNED = { prefixes: ['docs/'], pinned: ['/docs/*.css', '/img/a.png'] };

t.test('what is held always', async (t) => {
  const table: [path: string, cover: Parameters<typeof isHeldAlways>[1], expected: boolean][] = [
    ['a/b.txt', WHOLE, true],
    ['a/b.txt', { prefixes: ['a/'], pinned: null }, true],
    ['b.txt', { prefixes: ['a/'], pinned: null }, false],
    ['_headers', { prefixes: ['a/'], pinned: null }, true],
    ['a/b.txt', LAZY, false],
    ['_redirects', LAZY, true],
    ['404.html', LAZY, true],
    ['docs/404.html', PINNED, true],
    ['img/404.html', PINNED, false],
    ['my404.html', LAZY, false],
    ['docs/site.css', PINNED, true],
    ['docs/index.html', PINNED, false],
    ['img/a.png', PINNED, false],
  ];
  for (const [path, cover, expected] of table)
    t.equal(isHeldAlways(path, cover), expected, `${path} ${coverText(cover)}`);
  t.equal(isServed('img/a.png', PINNED), false);
  t.equal(isServed('img/a.png', LAZY), true);
});

t.test('it comes from the limits of the edge and the settings of the site', async (t) => {
  const policy = { ...DEFAULT_POLICY, pinned: ['/a'] };
  t.strictSame(coverOf(NO_LIMITS, policy), WHOLE);
  t.strictSame(coverOf({ ...NO_LIMITS, storage: 'full' }, policy), WHOLE);
  t.strictSame(coverOf({ ...NO_LIMITS, storage: 'lazy' }, policy), { prefixes: null, pinned: ['/a'] });
  t.ok(sameCover(WHOLE, { ...WHOLE }));
  t.notOk(sameCover(WHOLE, LAZY));
  t.notOk(sameCover(LAZY, { ...LAZY, pinned: ['/a'] }));
});

t.test('as receipts say it', async (t) => {
  t.strictSame([WHOLE, { prefixes: ['a/'], pinned: null }, LAZY, PINNED].map(coverText), [
    'all',
    '["a/"]',
    'lazy',
    'lazy ["docs/"]',
  ]);
});
