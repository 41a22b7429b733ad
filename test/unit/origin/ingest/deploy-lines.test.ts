import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import { NO_DETAILS } from '../../../../origin/catalog/file-change.ts';
import { type DeployItem, deployFromJson, deployFromLines } from '../../../../origin/ingest/deploy-lines.ts';
import { publishedPath } from '../../../../origin/ingest/published-path.ts';
import { digestOf } from '../../../../shared/content/digest.ts';

const A = digestOf('a');
const B = digestOf('b');

type Reader = (body: AsyncIterable<Uint8Array>) => AsyncGenerator<DeployItem>;

async function* pieces(text: string | Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(reader: Reader, text: string | Uint8Array, size = 64 * 1024): Promise<DeployItem[]> {
  const items: DeployItem[] = [];
  for await (const item of reader(pieces(text, size))) items.push(item);
  return items;
}

const put = (path: string, digest: string, size: number) => ({ file: { path, digest, size, ...NO_DETAILS } });
const deletion = (path: string) => ({ file: { path, digest: null, size: 0, ...NO_DETAILS } });
const line = (value: unknown) => `${JSON.stringify(value)}\n`;

t.test('lines', async (t) => {
  const text =
    line({ base: 3, expect: 4 }) +
    line({ path: 'a.txt', digest: A, size: 1 }) +
    line({ delete: 'old/é.txt' }) +
    line({ path: 'empty', digest: B, size: 0 });
  const expected = [
    { header: { base: 3, expect: 4 } },
    put('a.txt', A, 1),
    deletion('old/é.txt'),
    put('empty', B, 0),
  ];
  t.strictSame(await read(deployFromLines, text), expected);
  t.strictSame(await read(deployFromLines, text, 1), expected, 'however it is cut into pieces');
  t.strictSame(await read(deployFromLines, text.trimEnd()), expected, 'the last line feed is free');
  t.strictSame(await read(deployFromLines, text.replaceAll('\n', '\n\n')), expected, 'so are empty lines');
  t.strictSame(await read(deployFromLines, text.replaceAll('\n', '\r\n')), expected, 'and carriage returns');
});

t.test('the header of lines may be left out, or be all', async (t) => {
  await t.rejects(read(deployFromLines, ''), { code: 'bad-request' }, 'not taken for an empty tree');
  t.strictSame(await read(deployFromLines, line({})), [{ header: {} }]);
  t.strictSame(await read(deployFromLines, line({ base: 0 })), [{ header: { base: 0 } }]);
  t.strictSame(await read(deployFromLines, line({ size: 1, digest: A, path: 'a' })), [put('a', A, 1)]);
  t.strictSame(await read(deployFromLines, line({ delete: 'a' })), [deletion('a')]);
  t.strictSame(
    await read(deployFromLines, ` { "path" : "a", "digest": "${A}", "size": 1}`),
    [put('a', A, 1)],
    'with spaces',
  );
});

t.test('lines that are refused, with their number', async (t) => {
  const good = line({ path: 'a', digest: A, size: 1 });
  const table: [string, string, string, RegExp][] = [
    ['no JSON', `${good}{"path":\n`, 'bad-request', /^line 2: /],
    [
      'a path that climbs',
      good + line({ path: '../x', digest: A, size: 1 }),
      'bad-path',
      /^line 2: .*"\.\."/,
    ],
    ['an absolute path', line({ path: '/x', digest: A, size: 1 }), 'bad-path', /^line 1: /],
    ['an empty path', line({ path: '', digest: A, size: 1 }), 'bad-path', /empty/],
    ['a backslash', good + line({ delete: 'a\\b' }), 'bad-path', /^line 2: .*backslash/],
    ['a NUL', good + line({ path: 'a\0b', digest: A, size: 1 }), 'bad-path', /control/],
    [
      'a digest in capitals',
      good + line({ path: 'b', digest: A.toUpperCase(), size: 1 }),
      'bad-request',
      /2/,
    ],
    ['a short digest', good + line({ path: 'b', digest: A.slice(1), size: 1 }), 'bad-request', /line 2/],
    ['a negative size', good + line({ path: 'b', digest: A, size: -1 }), 'bad-request', /line 2/],
    ['a size that is no integer', good + line({ path: 'b', digest: A, size: 1.5 }), 'bad-request', /line 2/],
    ['a size as text', good + line({ path: 'b', digest: A, size: '1' }), 'bad-request', /line 2/],
    ['no size', good + line({ path: 'b', digest: A }), 'bad-request', /line 2/],
    ['one field more', good + line({ path: 'b', digest: A, size: 1, mode: 1 }), 'bad-request', /line 2/],
    ['a put and a deletion', good + line({ path: 'b', digest: A, size: 1, delete: 'b' }), 'bad-request', /2/],
    ['a deletion of no text', good + line({ delete: 7 }), 'bad-request', /line 2/],
    ['an array', good + line(['a']), 'bad-request', /line 2/],
    ['null', good + line(null), 'bad-request', /line 2/],
    ['a header that comes late', good + line({ base: 1 }), 'bad-request', /line 2/],
    ['a second header', line({ base: 1 }) + line({ base: 1 }), 'bad-request', /line 2/],
    ['a header with a bad base', line({ base: -1 }), 'bad-request', /./],
    ['a header with a base as text', line({ base: '1' }), 'bad-request', /./],
    ['a header that is no object', line(7), 'bad-request', /./],
    ['a line that never ends', `{"path":"${'a'.repeat(30_000)}`, 'too-large', /./],
  ];
  for (const [name, text, code, message] of table) {
    await t.rejects(read(deployFromLines, text), { code, message }, name);
  }
});

t.test('files before a bad line have been handed over', async (t) => {
  const seen: DeployItem[] = [];
  await t.rejects(async () => {
    for await (const item of deployFromLines(pieces(`${line({ path: 'a', digest: A, size: 1 })}x\n`, 10)))
      seen.push(item);
  });
  t.strictSame(seen, [put('a', A, 1)], 'nothing is held back: the reader streams');
});

t.test('JSON', async (t) => {
  const text = JSON.stringify({
    base: 3,
    files: { 'a.txt': { digest: A, size: 1 }, 'dir/é.txt': { size: 0, digest: B } },
    delete: ['old', 'older/x'],
    expect: 4,
  });
  const expected = [
    put('a.txt', A, 1),
    put('dir/é.txt', B, 0),
    deletion('old'),
    deletion('older/x'),
    { header: { base: 3, expect: 4 } },
  ];
  t.strictSame(await read(deployFromJson, text), expected);
  t.strictSame(await read(deployFromJson, text, 1), expected, 'however it is cut into pieces');
  t.strictSame(await read(deployFromJson, ` ${text}\n`), expected, 'white space around it');
});

t.test('a type and metadata, in both forms', async (t) => {
  const given = { type: 'Text/HTML', meta: { 'X-Skerry-Meta-B': 'b', 'cache-control': 'no-store' } };
  const file = {
    ...{ path: 'a', digest: A, size: 1, type: 'text/html' },
    meta: [
      ['cache-control', 'no-store'],
      ['x-skerry-meta-b', 'b'],
    ],
  };
  t.strictSame(await read(deployFromLines, line({ path: 'a', digest: A, size: 1, ...given })), [{ file }]);
  const text = JSON.stringify({ files: { a: { ...given, digest: A, size: 1 } } });
  t.strictSame(await read(deployFromJson, text, 1), [{ file }, { header: {} }]);
  const bad = line({ path: 'a', digest: A, size: 1, meta: { 'set-cookie': 'a=b' } });
  await t.rejects(read(deployFromLines, bad), { code: 'bad-meta', message: /^line 1: "set-cookie"/ });
  const longest = { [`x-skerry-meta-${'a'.repeat(86)}`]: '"'.repeat(1900) };
  t.match(await read(deployFromLines, line({ path: 'a', digest: A, size: 1, meta: longest })), [
    { file: { meta: Object.entries(longest) } },
  ]);
});

t.test('JSON with little in it', async (t) => {
  await t.rejects(read(deployFromJson, '{}'), { code: 'bad-request' }, 'not taken for an empty tree');
  t.strictSame(await read(deployFromJson, '{"files":{}}'), [{ header: {} }]);
  t.strictSame(await read(deployFromJson, '{"base":0,"files":{},"delete":[]}'), [{ header: { base: 0 } }]);
});

t.test('a path named twice in JSON comes twice, for the catalog to refuse', async (t) => {
  const file = (digest: string) => `"a":{"digest":"${digest}","size":1}`;
  t.strictSame(await read(deployFromJson, `{"files":{${file(A)},${file(B)}}}`), [
    put('a', A, 1),
    put('a', B, 1),
    { header: {} },
  ]);
});

t.test('names of the language are paths like any other', async (t) => {
  for (const path of ['__proto__', 'constructor', 'files', 'delete', 'base', 'digest', '0']) {
    const text = `{"files":{${JSON.stringify(path)}:{"digest":"${A}","size":1}}}`;
    t.strictSame(await read(deployFromJson, text), [put(path, A, 1), { header: {} }], path);
  }
});

t.test('JSON that is refused', async (t) => {
  const file = (path: string, value: unknown) => JSON.stringify({ files: { [path]: value } });
  const good = { digest: A, size: 1 };
  const table: [string, string, string][] = [
    ['nothing', '', 'bad-request'],
    ['a cut', `{"files":{"a":{"digest":"${A}","size":1}`, 'bad-request'],
    ['a cut before the last brace', '{"files":{}', 'bad-request'],
    ['no JSON', '{files}', 'bad-request'],
    ['two objects', '{}{}', 'bad-request'],
    ['a number', '7', 'bad-request'],
    ['a path that climbs', file('a/../b', good), 'bad-path'],
    ['an absolute path', file('/a', good), 'bad-path'],
    ['an empty path', file('', good), 'bad-path'],
    ['a bad digest', file('a', { digest: 'x', size: 1 }), 'bad-request'],
    ['a negative size', file('a', { digest: A, size: -1 }), 'bad-request'],
    ['one field more', file('a', { ...good, mtime: 1 }), 'bad-request'],
    ['a type that is no media type', file('a', { ...good, type: 'html' }), 'bad-meta'],
    ['a type that is a number', file('a', { ...good, type: 1 }), 'bad-request'],
    ['a field that is not stored', file('a', { ...good, meta: { etag: '"x"' } }), 'bad-meta'],
    ['metadata with a number', file('a', { ...good, meta: { 'cache-control': 1 } }), 'bad-request'],
    ['metadata that is text', file('a', { ...good, meta: 'no-store' }), 'bad-request'],
    ['a file that is text', file('a', A), 'bad-request'],
    ['a file that is null', file('a', null), 'bad-request'],
    ['a deletion that is no text', '{"delete":[7]}', 'bad-request'],
    ['a deletion that is an object', '{"delete":[{"path":"a"}]}', 'bad-request'],
    ['a deletion that climbs', '{"delete":["../a"]}', 'bad-path'],
    ['a base that is text', '{"base":"1"}', 'bad-request'],
    ['a base below 0', '{"base":-1}', 'bad-request'],
    ['an expectation that is no integer', '{"expect":1.5}', 'bad-request'],
  ];
  for (const [name, text, code] of table) {
    await t.rejects(read(deployFromJson, text), { code }, name);
    await t.rejects(read(deployFromJson, text, 1), { code }, `${name}, in pieces`);
  }
});

t.test('JSON of another shape is refused, not taken for an empty tree', async (t) => {
  for (const text of ['[]', '"files"', 'null', '{"files":[]}', '{"files":7}', '{"files":null}']) {
    await t.rejects(read(deployFromJson, text), { code: 'bad-request' }, text);
  }
  for (const text of ['{"delete":"old"}', '{"file":{}}', '{"files":{},"detele":["a"]}']) {
    await t.rejects(read(deployFromJson, text), { code: 'bad-request' }, text);
  }
});

t.test('JSON that asks for more than a deploy needs is refused before it is held', async (t) => {
  const file = `{"digest":"${A}","size":1}`;
  const many = (unit: string) => unit.repeat(200_000);
  const table: [string, string, RegExp][] = [
    ['nesting in the header', `{"base":${many('[')}`, /deeper than 4/],
    ['nesting instead of a deploy', many('['), /deeper than 4/],
    ['nesting in a file', `{"files":{"a":{"size":${many('[')}`, /deeper than 4/],
    ['nesting instead of a file', `{"files":{"a":${many('[')}`, /deeper than 4/],
    ['nesting in the deletions', `{"delete":[${many('[')}`, /deeper than 4/],
    ['members of the deploy', `{${many('"x":1,')}`, /no "x"/],
    ['the prototype of the deploy', `{"__proto__":{"base":1},"files":{"a":${file}}}`, /no "__proto__"/],
    ['members of a file', `{"files":{"a":{${many('"x":1,')}`, /has only/],
    ['the prototype of a file', `{"files":{"a":{"__proto__":1,"digest":"${A}","size":1}}}`, /has only/],
    ['nesting in metadata', `{"files":{"a":{"meta":${many('{"a":')}`, /deeper than 4/],
    ['a list of metadata', '{"files":{"a":{"meta":["a"]}}}', /meta must be an object/],
    ['pairs of metadata', `{"files":{"a":{"meta":{${many('"x-skerry-meta-a":"b",')}`, /at most 32/],
    ['a long value', `{"files":{"a":{"meta":{"cache-control":"${many('a')}`, /more than 12288/],
    ['a long key', `{"files":{"${many('a')}`, /more than 12288/],
    ['a long path', `{"delete":["${many('a')}`, /more than 12288/],
    ['a long number', `{"base":${many('1')}`, /more than 12288/],
    ['a list of bases', '{"base":[1,2],"files":{}}', /base must be a number/],
    ['an object of expectations', '{"expect":{},"files":{}}', /expect must be a number/],
  ];
  for (const [name, text, message] of table) {
    await t.rejects(read(deployFromJson, text), { code: 'bad-request', message }, name);
    await t.rejects(read(deployFromJson, text, 1000), { code: 'bad-request', message }, `${name}, in pieces`);
  }
  const line = `{"path":"a","digest":"${A}","size":1,"__proto__":{"x":1}}\n`;
  await t.rejects(read(deployFromLines, line), { code: 'bad-request' }, 'the prototype of a line');
  await t.rejects(read(deployFromLines, `{"base":${'['.repeat(10_000)}\n`), { message: /deeper/ });
});

t.test('the longest path is taken, however it is spelled', async (t) => {
  const path = Array.from({ length: 4 }, () => 'a'.repeat(250)).join('/');
  const spelled = path.replaceAll('a', '\\u0061');
  const text = `{"files":{"${spelled}":{"digest":"${A}","size":1}}}`;
  t.strictSame(await read(deployFromJson, text), [put(path, A, 1), { header: {} }]);
});

t.test('what has been handed over is not kept', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const heap = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = heap();
  let after = 0;
  async function* body() {
    yield Buffer.from('{"files":{');
    for (let i = 0; i < 60_000; i += 100) {
      const some = Array.from({ length: 100 }, (_, k) => `"${i + k}":{"digest":"${A}","size":1}`);
      yield Buffer.from(`${i === 0 ? '' : ','}${some.join(',')}`);
    }
    after = heap();
    yield Buffer.from('}}');
  }
  let count = 0;
  for await (const item of deployFromJson(body())) if ('file' in item) count++;
  t.equal(count, 60_000);
  t.ok(after - before < 5_000_000, `${after - before} bytes more are held`);
});

t.test('publishedPath', async (t) => {
  t.equal(publishedPath('a/b'), 'a/b');
  t.throws(() => publishedPath(`${'x'.repeat(5000)}`), { code: 'bad-path' });
  try {
    publishedPath('x'.repeat(5000));
  } catch (error) {
    t.ok(error instanceof Error && error.message.length < 400, 'the message does not repeat all of it');
  }
});
