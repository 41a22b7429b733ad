import t from 'tap';
import {
  type ConditionalHeaders,
  judgePreconditions,
  rangeApplies,
  type Validators,
} from '../../../../shared/http/conditional.ts';

const ETAG = '"abc"';
const SECOND = Date.UTC(2024, 0, 2, 3, 4, 5);
/** Commits happen within a second; dates on the wire have none. */
const validators = { etag: ETAG, modified: SECOND + 789 };
const date = (offset: number) => new Date(SECOND + offset).toUTCString();
const isNotModified = (headers: ConditionalHeaders, held: Validators) =>
  judgePreconditions(headers, held) === 'not-modified';

t.test('If-None-Match', async (t) => {
  const table: [string, boolean][] = [
    ['"abc"', true],
    ['W/"abc"', true],
    ['*', true],
    [' * ', true],
    ['"x", "abc"', true],
    ['"x","abc"', true],
    ['"x", W/"abc", "y"', true],
    ['"a,b", "abc"', true],
    ['"x"', false],
    ['W/"x"', false],
    ['"ABC"', false],
    ['"abcd"', false],
    ['"ab"', false],
    ['abc', false],
    ['', false],
    ['""', false],
    ['"x", "y"', false],
    ['"*"', false],
  ];
  for (const [header, expected] of table) {
    t.equal(isNotModified({ 'if-none-match': header }, validators), expected, header);
  }
  t.equal(isNotModified({}, validators), false, 'no condition');
});

t.test('If-Modified-Since', async (t) => {
  const table: [string, boolean][] = [
    [date(0), true],
    [date(1000), true],
    [date(86_400_000), true],
    [date(-1000), false],
    [date(-86_400_000), false],
    ['Tuesday, 02-Jan-24 03:04:05 GMT', true],
    ['yesterday', false],
    ['', false],
  ];
  for (const [header, expected] of table) {
    t.equal(isNotModified({ 'if-modified-since': header }, validators), expected, header);
  }
});

t.test('If-None-Match goes before If-Modified-Since (RFC 9110, 13.2.2)', async (t) => {
  t.equal(
    isNotModified({ 'if-none-match': '"other"', 'if-modified-since': date(0) }, validators),
    false,
    'a tag that does not match sends the whole, though the date says nothing changed',
  );
  t.equal(
    isNotModified({ 'if-none-match': ETAG, 'if-modified-since': date(-1000) }, validators),
    true,
    'a tag that matches is enough, though the date is older',
  );
  t.equal(
    isNotModified({ 'if-none-match': 'garbage', 'if-modified-since': date(0) }, validators),
    false,
    'a tag that cannot be read goes first, too',
  );
});

t.test('If-Range', async (t) => {
  const table: [string | undefined, boolean][] = [
    [undefined, true],
    ['"abc"', true],
    ['"x"', false],
    // Strong comparison: a weak tag never matches, not even its like.
    ['W/"abc"', false],
    ['W/"x"', false],
    ['*', false],
    ['abc', false],
    ['', false],
    // A date must be exact.
    [date(0), true],
    [date(1000), false],
    [date(-1000), false],
    ['yesterday', false],
  ];
  for (const [header, expected] of table) t.equal(rangeApplies(header, validators), expected, `${header}`);
});

t.test('what is no HTTP date is ignored (RFC 9110, 13.1.3)', async (t) => {
  for (const text of ['foo 2030', '2030', '2030-01-01']) {
    t.equal(isNotModified({ 'if-modified-since': text }, validators), false, text);
  }
});

t.test("C's asctime form is in UTC, wherever the edge is", async (t) => {
  const before = process.env.TZ;
  t.teardown(() => {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  });
  process.env.TZ = 'America/New_York';
  t.equal(rangeApplies('Tue Jan  2 03:04:05 2024', validators), true, 'the exact second');
  t.equal(
    isNotModified({ 'if-modified-since': 'Tue Jan  2 03:04:04 2024' }, validators),
    false,
    'a second before the change',
  );
});

t.test('If-Match: strong comparison', async (t) => {
  const table: [string, string][] = [
    ['"abc"', 'met'],
    ['*', 'met'],
    ['"x", "abc"', 'met'],
    ['"x"', 'failed'],
    ['W/"abc"', 'failed'],
    ['abc', 'failed'],
    ['', 'failed'],
  ];
  for (const [header, expected] of table)
    t.equal(judgePreconditions({ 'if-match': header }, validators), expected, header);
});

t.test('If-Unmodified-Since', async (t) => {
  const table: [string, string][] = [
    [date(0), 'met'],
    [date(1000), 'met'],
    [date(-1000), 'failed'],
    ['yesterday', 'met'],
  ];
  for (const [header, expected] of table)
    t.equal(judgePreconditions({ 'if-unmodified-since': header }, validators), expected, header);
});

t.test('all four in their order (RFC 9110, 13.2.2)', async (t) => {
  const old = { 'if-unmodified-since': date(-1000) };
  t.equal(judgePreconditions({ ...old, 'if-match': ETAG }, validators), 'met', 'If-Match goes first');
  t.equal(judgePreconditions({ ...old, 'if-none-match': ETAG }, validators), 'failed');
  t.equal(judgePreconditions({ 'if-match': ETAG, 'if-none-match': ETAG }, validators), 'not-modified');
  t.equal(judgePreconditions({ 'if-match': '"x"', 'if-none-match': ETAG }, validators), 'failed');
  t.equal(judgePreconditions({ 'if-match': ETAG, 'if-modified-since': date(0) }, validators), 'not-modified');
});
