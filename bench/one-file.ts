/**
 * `npm run bench:one-file [-- --files 30000] [-- --rounds 9]`: changes one small file of a large site with the API and
 * measures until the edge serves it. Compares that with one `rsync -az --delete` pass over the same tree with one file
 * changed. `-- --compare 1000000` instead compares a site of that many files with a site of 1,000 on the same edge.
 */
import { parseArgs } from 'node:util';
import { oneOfLarge } from './one-file-beside-rsync.ts';
import { largeBesideSmall } from './one-file-by-size.ts';

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '30000' },
    rounds: { type: 'string', default: '9' },
    compare: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
if (values.compare === undefined) await oneOfLarge(Number(values.files), rounds);
else await largeBesideSmall(Number(values.compare), rounds);
