import { join } from 'node:path';
import t from 'tap';
import { differences } from '../../helpers/compare.ts';
import { ask, read, urlPath } from '../../helpers/http.ts';
import { writeTree } from '../../helpers/tree.ts';
import { cluster, edge } from './cluster.ts';

const composed = 'caf\u00e9.txt';
const decomposed = 'cafe\u0301.txt';

const odd = {
  'with space.txt': 'space',
  '100%.txt': 'percent',
  '%41.txt': 'an escape that is none',
  'a#b.txt': 'hash',
  'what?.txt': 'question',
  'a+b&c=d;e.txt': 'sub-delims',
  [composed]: 'NFC',
  [decomposed]: 'NFD',
  '日本語/ファイル.txt': 'CJK',
  '😀.txt': 'astral',
  '.hidden': 'dotfile',
  '.well-known/security.txt': 'dotfolder',
  'empty.txt': '',
  [`${'n'.repeat(196)}.txt`]: 'a name of 200 characters',
  'a/b/c/d/e/f/g/h/i/j.txt': 'deep',
  'quote"<>\'.html': 'quotes',
  'UPPER.txt': 'upper',
  'upper.txt': 'lower',
  '...': 'three dots',
  'a..b': 'inner dots',
  ' leading': 'leading space',
};

t.test('odd names are published from a folder and by single files, and served right', async (t) => {
  const folder = await writeTree(join(cluster.folder, 'odd'), odd);
  const published = await cluster.skerry('publish', folder, '--site', 'odd', '--wait', '--include', '.*');
  t.equal(published.code, 0, published.stderr);
  t.strictSame(await differences(edge.url, 'odd', folder), []);
  const empty = await read(edge.url, 'odd', 'empty.txt');
  t.match(empty, { status: 200, headers: { 'content-length': '0' } }, 'an empty file has a length');
  t.equal((await read(edge.url, 'odd', 'UPPER.TXT')).status, 404, 'paths are case-sensitive');
  t.equal((await read(edge.url, 'odd', 'with%20space.txt')).status, 404, 'paths are decoded once');

  await cluster.client.putSite('single');
  for (const [path, content] of Object.entries(odd)) {
    const put = await ask(cluster.origin.url, `/v1/sites/single/files${urlPath(path)}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${cluster.token}` },
      body: content,
    });
    t.match(put.status, /^20[01]$/, `PUT ${JSON.stringify(path)}: ${put.body}`);
  }
  await cluster.converged('single');
  t.strictSame(await differences(edge.url, 'single', folder), []);
});
