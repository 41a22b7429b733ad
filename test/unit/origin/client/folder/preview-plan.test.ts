import t from 'tap';
import type { HashedFile } from '../../../../../origin/client/folder/hash-files.ts';
import { planPreview } from '../../../../../origin/client/folder/preview-plan.ts';
import type { ContentPath } from '../../../../../shared/content/content-path.ts';
import { digestOf } from '../../../../../shared/content/digest.ts';

const file = (name: string, content: string): HashedFile => ({
  ...{ path: name as ContentPath, file: `/site/${name}`, size: content.length, stamp: '' },
  digest: digestOf(content),
});
const published = (files: Record<string, string>) =>
  new Map<string, string>(Object.entries(files).map(([path, content]) => [path, digestOf(content)]));

t.test('what a publish would change, sorted by path', async (t) => {
  const files = [file('same', 's'), file('new', 'fresh'), file('edited', 'after')];
  t.strictSame(planPreview(files, published({ same: 's', edited: 'before', gone: 'g' })), {
    changes: [
      { change: 'modified', path: 'edited' },
      { change: 'deleted', path: 'gone' },
      { change: 'added', path: 'new' },
    ],
    ...{ unchanged: 1, objects: 2, bytes: 10 },
  });
});

t.test('a renamed file, and one content at two paths, are sent once or not at all', async (t) => {
  const files = [file('renamed', 'r'), file('one', 'twice'), file('two', 'twice')];
  const preview = planPreview(files, published({ old: 'r' }));
  t.match(preview, { unchanged: 0, objects: 1, bytes: 5 });
  t.equal(preview.changes.length, 4);
});

t.test('an unchanged folder', async (t) => {
  t.strictSame(planPreview([file('a', 'a')], published({ a: 'a' })), {
    ...{ changes: [], unchanged: 1, objects: 0, bytes: 0 },
  });
});
