/**
 * `npm run bench:one-file [-- --files 30000] [-- --rounds 9] [-- --tls]`: changes one small file of a large site with the API and
 * measures until the edge serves it. Compares that with one `rsync -az --delete` pass over the same tree with one file
 * changed. `-- --compare 1000000` instead compares a site of that many files with a site of 1,000 on the same edge.
 * With `--tls`, each round also changes the file at an origin that speaks TLS, and an edge fetches it over TLS.
 */
import { parseArgs } from 'node:util';
import { oneOfLarge } from './one-file-beside-rsync.ts';
import { largeBesideSmall } from './one-file-by-size.ts';

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '30000' },
    rounds: { type: 'string', default: '9' },
    compare: { type: 'string' },
    tls: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
if (values.compare === undefined)
  await oneOfLarge(Number(values.files), rounds, values.tls ? ['plain', 'tls'] : ['plain']);
else await largeBesideSmall(Number(values.compare), rounds);
