import { Command } from 'commander';
import t, { type Test } from 'tap';
import {
  count,
  degrees,
  duration,
  edgeName,
  option,
  port,
  required,
  revision,
  siteName,
  siteRevision,
} from '../../../../bin/options/options.ts';

/** What a parser makes of each text; undefined where it must refuse. */
function check<T>(
  t: Test,
  parse: (text: string) => T,
  table: [string, T | undefined][],
  error: { code: string; message?: RegExp },
) {
  for (const [text, expected] of table) {
    const label = JSON.stringify(text.slice(0, 40));
    if (expected === undefined) t.throws(() => parse(text), error, `${label} is refused`);
    else t.equal(parse(text), expected, label);
  }
}

const invalid = { code: 'commander.invalidArgument' };

t.test('ports', async (t) => {
  check(
    t,
    port,
    [
      ['0', 0],
      ['1', 1],
      ['7500', 7500],
      ['65535', 65_535],
      ['65536', undefined],
      ['-1', undefined],
      ['', undefined],
      [' ', undefined],
      ['80 ', undefined],
      ['8.0', undefined],
      ['1e3', undefined],
      ['0x50', undefined],
      ['http', undefined],
    ],
    invalid,
  );
});

t.test('counts', async (t) => {
  check(
    t,
    count,
    [
      ['1', 1],
      ['256', 256],
      ['0', undefined],
      ['257', undefined],
      ['-1', undefined],
      ['1.5', undefined],
      ['', undefined],
      ['two', undefined],
    ],
    invalid,
  );
});

t.test('revisions', async (t) => {
  check(
    t,
    revision,
    [
      ['1', 1],
      ['999999999999999', 999_999_999_999_999],
      ['0', undefined],
      ['01', undefined],
      ['-1', undefined],
      ['1.0', undefined],
      ['1000000000000000', undefined],
      ['latest', undefined],
      ['', undefined],
    ],
    invalid,
  );
});

t.test('degrees', async (t) => {
  check(
    t,
    degrees(90),
    [
      ['0', 0],
      ['48.85', 48.85],
      ['-33.9', -33.9],
      ['90', 90],
      ['-90', -90],
      ['90.0001', undefined],
      ['-91', undefined],
      ['', undefined],
      [' ', undefined],
      ['north', undefined],
      ['NaN', undefined],
      ['Infinity', undefined],
    ],
    invalid,
  );
  t.equal(degrees(180)('180'), 180);
  t.throws(() => degrees(180)('181'), { message: /-180 to 180/ });
});

t.test('durations, in seconds', async (t) => {
  check(
    t,
    duration,
    [
      ['1s', 1],
      ['90s', 90],
      ['15m', 900],
      ['12h', 43_200],
      ['30d', 2_592_000],
      ['0s', undefined],
      ['01s', undefined],
      ['-1s', undefined],
      ['1.5h', undefined],
      ['10', undefined],
      ['s', undefined],
      ['1w', undefined],
      ['1 h', undefined],
      ['1h30m', undefined],
      ['1S', undefined],
      ['99999999s', undefined],
      ['', undefined],
    ],
    invalid,
  );
});

t.test('names of sites and edges', async (t) => {
  const table: [string, string | undefined][] = [
    ['a', 'a'],
    ['my-site-2', 'my-site-2'],
    ['2', '2'],
    ['a'.repeat(63), 'a'.repeat(63)],
    ['a'.repeat(64), undefined],
    ['', undefined],
    ['A', undefined],
    ['-a', undefined],
    ['a-', undefined],
    ['a.b', undefined],
    ['a_b', undefined],
    ['a/b', undefined],
    ['a ', undefined],
    ['a\n', undefined],
    ['é', undefined],
    ['..', undefined],
  ];
  check(t, siteName, table, { code: 'bad-name', message: /name of a site/ });
  check(t, edgeName, table, { code: 'bad-name', message: /name of an edge/ });
});

t.test('a revision of a site', async (t) => {
  t.strictSame(siteRevision('docs@12'), { site: 'docs', revision: 12 });
  for (const text of ['docs', 'docs@', 'docs@0', 'docs@x', '12', ''])
    t.throws(() => siteRevision(text), invalid, `${JSON.stringify(text)} is refused`);
  for (const text of ['@1', 'Docs@1', 'a@b@1'])
    t.throws(() => siteRevision(text), { code: 'bad-name' }, `${JSON.stringify(text)} is refused`);
});

t.test('every option has a variable of its name', async (t) => {
  t.equal(option('--port <port>', '').envVar, 'SKERRY_PORT');
  t.equal(option('--admin-port <port>', '').envVar, 'SKERRY_ADMIN_PORT');
  t.equal(option('-v, --very-long-name', '').envVar, 'SKERRY_VERY_LONG_NAME');
});

t.test('flags go before the environment, the environment before defaults', async (t) => {
  const parsed = (args: string[]) =>
    new Command()
      .exitOverride()
      .addOption(option('--options-test <port>', '').argParser(port).default(1))
      .parse(args, { from: 'user' })
      .opts<{ optionsTest: number }>().optionsTest;
  t.teardown(() => delete process.env.SKERRY_OPTIONS_TEST);
  t.equal(parsed([]), 1);
  process.env.SKERRY_OPTIONS_TEST = '2';
  t.equal(parsed([]), 2);
  t.equal(parsed(['--options-test', '3']), 3);
});

t.test('required', async (t) => {
  t.equal(required('x', '--x'), 'x');
  for (const value of [0, '', false, null]) t.equal(required(value, '--x'), value, `${value} is a value`);
  t.throws(() => required(undefined, '--site'), { code: 'bad-config', message: '--site is needed' });
});
