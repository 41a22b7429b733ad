import t from 'tap';
import type { ContentPath } from '../../../../shared/content/content-path.ts';
import {
  type Change,
  decodeDiff,
  encodeChange,
  encodeDiffEnd,
  encodeDiffStart,
} from '../../../../shared/content/diff.ts';
import { cssEntry, indexEntry, svgEntry } from '../fixed-entries.ts';
import { collect, streamOf } from '../streams.ts';

const range = { site: 1, from: 0, to: 1 };
const changes: Change[] = [
  { kind: 'put', entry: indexEntry },
  { kind: 'put', entry: cssEntry },
  { kind: 'put', entry: svgEntry },
  { kind: 'delete', path: 'old.txt' as ContentPath },
];
const lines = [
  '["diff",1,1,0,1]',
  '["+","index.html","320a24004f649a98b65535e7c06bd8df344e10a3d006316ac63dbbacb1db0203",15,null,"text/html",[],1767225600000]',
  '["+","css/site.css","6d6068180a5c710c68c8ee0e290cb9b37b3450492d3f9e3ae46083deb152fbcf",15,null,"text/css",[],1767225600000]',
  '["+","img/ö #1?.svg","cd1fafe3cc7f06f55ead3f0dce39300aca7a8911793e76fcdd327799c0709ac2",7,null,"image/svg+xml",[],1767225600000]',
  '["-","old.txt"]',
  '["end",4]',
];
const [start = '', put = '', ...others] = lines;

const decode = (source: readonly string[], expected = range) =>
  collect(decodeDiff(streamOf(source), expected));

t.test('encodes to the frozen lines', async (t) => {
  const text = [encodeDiffStart(range), ...changes.map(encodeChange), encodeDiffEnd(4)].join('');
  t.equal(text, lines.map((line) => `${line}\n`).join(''));
});

t.test('decodes the frozen lines', async (t) => {
  t.same(await decode(lines), changes);
});

t.test('keeps chunk lists and metadata', async (t) => {
  const entry = {
    ...indexEntry,
    size: 2_000_000,
    chunks: cssEntry.digest,
    meta: [['cache-control', 'no-store']] as const,
  };
  const line = encodeChange({ kind: 'put', entry }).trimEnd();
  t.same(await decode([start, line, '["end",1]']), [{ kind: 'put', entry }]);
});

t.test('an empty diff is whole', async (t) => {
  t.same(await decode([start, '["end",0]']), []);
});

t.test('what follows the end is not read', async (t) => {
  t.same(await decode([start, '["end",0]', 'anything']), []);
});

t.test('refuses a diff cut off after any line', async (t) => {
  for (let count = 0; count < lines.length; count++) {
    await t.rejects(decode(lines.slice(0, count)), { code: 'upstream-protocol' }, `${count} lines`);
  }
});

t.test('yields what came before a cut, so that its reader must wait for the end', async (t) => {
  const seen: Change[] = [];
  await t.rejects(
    (async () => {
      for await (const change of decodeDiff(streamOf(lines.slice(0, 3)), range)) seen.push(change);
    })(),
    { code: 'upstream-protocol' },
  );
  t.same(seen, changes.slice(0, 2));
});

t.test('refuses another diff than the one asked for', async (t) => {
  for (const other of [
    { ...range, site: 2 },
    { ...range, from: 1 },
    { ...range, to: 2 },
  ]) {
    await t.rejects(decode(lines, other), { code: 'upstream-protocol' });
  }
});

t.test('refuses a lost, an added and a repeated line', async (t) => {
  await t.rejects(decode([start, ...others]), { code: 'upstream-protocol' }, 'one change is missing');
  await t.rejects(decode([start, put, put, ...others]), { code: 'upstream-protocol' }, 'one too many');
  await t.rejects(decode([start, start, '["end",0]']), { code: 'upstream-protocol' }, 'two beginnings');
  await t.rejects(decode([put, ...others]), { code: 'upstream-protocol' }, 'no beginning');
  await t.rejects(decode(['["end",0]']), { code: 'upstream-protocol' }, 'an end alone');
});

t.test('refuses lines of another form', async (t) => {
  for (const line of [
    '',
    '{',
    '{}',
    '["*"]',
    '["-"]',
    '["-","a","b"]',
    '["end",-1]',
    '["end","0"]',
    '["diff",2,1,0,1]',
    put.replace('320a', '320A'),
    put.replace(',15,', ',-1,'),
    put.replace(',15,', ',1.5,'),
    put.replace('null', '"list"'),
    put.replace('[]', '[["a"]]'),
    put.replace('[]', '{}'),
    put.replace('[]', '[["Cache-Control","no-store"]]'),
    put.replace('[]', '[["b","1"],["a","1"]]'),
    put.replace('[]', '[["a","1\\r\\nb: 2"]]'),
    put.replace('[]', JSON.stringify([['a', 'x'.repeat(2048)]])),
    put.replace('text/html', 'text/html\\r\\n'),
    put.replace('1767225600000', '-1'),
    put.replace(']', ',1]'),
    put.slice(0, -1),
  ]) {
    await t.rejects(decode([start, line, '["end",1]']), { code: 'upstream-protocol' }, line);
  }
});

t.test('refuses paths that cannot be published', async (t) => {
  for (const path of ['', '/etc/passwd', '../a', 'a/../b', 'a//b', 'a\\b', 'a\0', 'n'.repeat(256)]) {
    const deletion = JSON.stringify(['-', path]);
    await t.rejects(decode([start, deletion, '["end",1]']), { code: 'upstream-protocol' }, deletion);
    const addition = JSON.stringify(['+', path, ...(JSON.parse(put) as unknown[]).slice(2)]);
    await t.rejects(decode([start, addition, '["end",1]']), { code: 'upstream-protocol' }, addition);
  }
});
