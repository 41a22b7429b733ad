import t from 'tap';
import { moduleUrl } from '../../../../shared/process/module-url.ts';

t.test('a module that is started is a sibling in the tree, and in a build in the one folder', async (t) => {
  const table: readonly (readonly [sibling: string, importer: string, url: string])[] = [
    ['./survey.worker', 'file:///clone/shared/hashing/threads.ts', '/clone/shared/hashing/survey.worker.ts'],
    ['../serve/main', 'file:///clone/edge/processes/serving.ts', '/clone/edge/serve/main.ts'],
    ['./survey.worker', 'file:///package/lib/chunk-1.js', '/package/lib/survey.worker.js'],
    ['../serve/main', 'file:///package/lib/chunk-1.js', '/package/lib/main.js'],
  ];
  for (const [sibling, importer, url] of table) t.equal(moduleUrl(sibling, importer).pathname, url);
});
