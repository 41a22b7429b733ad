import t from 'tap';
import {
  firstLine,
  jsonLine,
  printError,
  printLine,
  printTable,
  shown,
} from '../../../../bin/terminal/output.ts';

const HOSTILE = 'a\u001b]0;title\u0007\u009b31m\u007f\r\n\tb\u202eevil\u2066\u2028c';
const SHOWN = 'a\\x1b]0;title\\x07\\x9b31m\\x7f\\r\\n\\tb\\u202eevil\\u2066\\u2028c';

t.test('what a terminal would obey is shown', async (t) => {
  t.equal(shown(HOSTILE), SHOWN);
  for (const plain of ['', 'Grüße, 世界 👩‍👩‍👧', 'a\\x1b', 'left and שמאל']) t.equal(shown(plain), plain);
});

t.test('however it is printed', async (t) => {
  const out = t.capture(process.stdout, 'write', () => true);
  const err = t.capture(process.stderr, 'write', () => true);
  printLine(HOSTILE);
  printError(HOSTILE);
  printTable(['what', 'n'], [[HOSTILE, 1]]);
  const texts = [...out(), ...err()].map(({ args: [text] }) => String(text));
  t.equal(texts.length, 4);
  for (const text of texts) t.match(text, /^[\x20-\x7e]*\n$/);
  t.ok(texts.includes(`${SHOWN}\n`));
  t.ok(texts.includes(`${SHOWN}  1\n`));
});

t.test('JSON is the same value', async (t) => {
  const value = { [HOSTILE]: [HOSTILE] };
  t.match(jsonLine(value), /^[\x20-\x7e]*$/);
  t.strictSame(JSON.parse(jsonLine(value)), value);
});

t.test('messages of several lines in a table', async (t) => {
  t.equal(firstLine('one'), 'one');
  t.equal(firstLine('one\n'), 'one');
  t.equal(firstLine('one \r\n\r\ntwo'), 'one …');
  t.equal(firstLine(''), '');
});
