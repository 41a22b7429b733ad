/** `npm run build`: joins Skerry's modules into dist/, a package that can be published as it is. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './join-modules.ts';
import { versionOfTree, writePackage } from './package-tree.ts';

const dist = join(root, 'dist');

await rm(dist, { recursive: true, force: true });
await writePackage(dist, { version: await versionOfTree(), isComplete: false });
