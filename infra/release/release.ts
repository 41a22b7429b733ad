/**
 * `npm run release`: writes into release/ an archive and an SBOM for each platform, a statement of provenance, and the
 * checksums of all these files. The same commit gives the same bytes.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { root } from '../join-modules.ts';
import { versionOfTree } from '../package-tree.ts';
import { writeArchive } from './archive.ts';
import { PLATFORMS, type Platform } from './platform.ts';
import { provenanceOf, sourceOfTree } from './provenance.ts';
import { writeReleaseTree } from './release-tree.ts';
import type { Runtime } from './runtime.ts';
import { sbomOf } from './sbom.ts';

const { values: flags } = parseArgs({
  options: {
    out: { type: 'string', default: join(root, 'release') },
    platform: { type: 'string', multiple: true, default: PLATFORMS.map(({ name }) => name) },
    version: { type: 'string', default: await versionOfTree() },
    builder: { type: 'string', default: 'urn:skerry:builder:unnamed' },
  },
});
const { out, version, builder } = flags;
const source = await sourceOfTree();
const epoch = Number(process.env.SOURCE_DATE_EPOCH ?? source.time);
const time = new Date(epoch * 1000);
const files = new Map<string, string>();
const runtimes: (readonly [Platform, Runtime])[] = [];

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const cache = join(root, 'node_modules/.cache/skerry');
await mkdir(cache, { recursive: true });
for (const platform of PLATFORMS.filter(({ name }) => flags.platform.includes(name))) {
  // Source maps name the sources by their path relative to this folder, so it always has the same depth in the
  // repository.
  const parent = await mkdtemp(join(cache, 'release-'));
  await mkdir(join(parent, version), { recursive: true });
  const tree = await writeReleaseTree(join(parent, version), { version, platform, time });
  runtimes.push([platform, tree.runtime]);
  const name = `skerry-${version}-${platform.name}`;
  await writeArchive(join(out, `${name}.tar.gz`), { parent, folder: version, time });
  await writeFile(join(out, `${name}.cdx.json`), await sbomOf({ version, platform, time, ...tree }));
  await rm(parent, { recursive: true });
  for (const file of [`${name}.tar.gz`, `${name}.cdx.json`]) await addChecksum(file);
}
const provenance = `skerry-${version}.intoto.json`;
await writeFile(
  join(out, provenance),
  await provenanceOf({ version, builder, source, epoch, files, runtimes }),
);
await addChecksum(provenance);
const checksums = [...files].map(([name, sha256]) => `${sha256}  ${name}\n`);
await writeFile(join(out, 'SHA256SUMS'), checksums.join(''));
process.stdout.write(checksums.join(''));

async function addChecksum(name: string): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(out, name)), hash);
  files.set(name, hash.digest('hex'));
}
