import { closeSync, fstatSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import type { HashedFile } from '../../../../../origin/client/folder/hash-files.ts';
import { readHashed, streamHashed } from '../../../../../origin/client/folder/read-hashed.ts';
import type { ContentPath } from '../../../../../shared/content/content-path.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';
import { openRealFile, stampOf } from '../../../../../shared/files/real-file.ts';
import { collect } from '../../../shared/streams.ts';

t.test('the bytes that were hashed, or an error that names the file', async (t) => {
  const folder = t.testdir({});
  const file = join(folder, 'a.txt');
  const hashed: HashedFile = {
    path: 'a.txt' as ContentPath,
    file,
    size: 5,
    stamp: '',
    digest: digestOf('hello'),
  };
  writeFileSync(file, 'hello');
  t.equal(readHashed(hashed).toString(), 'hello');
  for (const content of ['hellO', 'hell', '', 'hello!', 'x'.repeat(1_000_000)]) {
    writeFileSync(file, content);
    t.throws(
      () => readHashed(hashed),
      { code: 'file-changed', message: /a\.txt changed/ },
      content.slice(0, 9),
    );
  }
  rmSync(file);
  t.throws(() => readHashed(hashed), { code: 'file-changed' }, 'one that is gone');
  t.throws(() => readHashed({ ...hashed, file: folder }), { code: 'file-changed' }, 'a folder now');

  writeFileSync(file, '');
  t.equal(readHashed({ ...hashed, size: 0, digest: digestOf('') }).length, 0);
});

t.test('a large file is streamed if it is the one that was hashed', async (t) => {
  const folder = t.testdir({});
  const file = join(folder, 'large.bin');
  const content = Buffer.alloc(200_000, 'large');
  const hashed: HashedFile = {
    path: 'large.bin' as ContentPath,
    file,
    size: content.length,
    stamp: '',
    digest: digestOf(content),
  };
  writeFileSync(file, content);
  const opened = openRealFile(file);
  const stamp = stampOf(opened);
  closeSync(opened.handle);
  const read = async () => Buffer.concat(await collect(streamHashed({ ...hashed, stamp })));
  t.ok((await read()).equals(content));
  writeFileSync(file, Buffer.concat([content, content]));
  await t.rejects(read(), { code: 'file-changed' }, 'one that grew');
  writeFileSync(file, content.subarray(1));
  await t.rejects(read(), { code: 'file-changed', message: /large\.bin changed/ }, 'one that shrank');
  rmSync(file);
  await t.rejects(read(), { code: 'file-changed' }, 'one that is gone');
});

t.test('a reading that is broken off closes its own descriptor and no other', async (t) => {
  const file = join(t.testdir({ 'large.bin': Buffer.alloc(1_000_000, 'large') }), 'large.bin');
  const opened = openRealFile(file);
  const stamp = stampOf(opened);
  closeSync(opened.handle);
  const reading = streamHashed({
    ...{ path: 'large.bin' as ContentPath, file, size: 1_000_000, stamp },
    digest: digestOf('large'),
  });
  await reading.next();
  await reading.return(undefined);
  // The system gives the number of the closed descriptor to the next file.
  const other = openSync(file, 'r');
  for (let i = 0; i < 20; i++) await stat(file);
  t.equal(fstatSync(other).size, 1_000_000);
  closeSync(other);
});
