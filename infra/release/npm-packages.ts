import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as tar from 'tar';
import { cachedFolder } from '../folder-cache.ts';
import { root } from '../join-modules.ts';
import { runProgram } from './run-program.ts';

/** A package as package-lock.json describes it. */
interface LockedPackage {
  readonly version: string;
  /** The algorithm and the digest in base64, as in `sha512-…`. */
  readonly integrity: string;
}

/** The packages in package-lock.json, by their folder below the root of the tree. */
export async function lockedPackages(): Promise<ReadonlyMap<string, LockedPackage>> {
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  return new Map(Object.entries(lock.packages));
}

/** The digest of a locked package in hexadecimal. */
export function sha512Of({ integrity }: LockedPackage): string {
  return Buffer.from(integrity.replace(/^sha512-/, ''), 'base64').toString('hex');
}

export interface UnpackedPackage extends LockedPackage {
  readonly name: string;
  readonly folder: string;
}

/**
 * Fetches a package that npm does not install here because it is for another platform. The digest of the package must
 * be the one in package-lock.json.
 */
export async function fetchPackage(name: string): Promise<UnpackedPackage> {
  const locked = (await lockedPackages()).get(`node_modules/${name}`);
  if (locked === undefined) throw new Error(`package-lock.json does not name ${name}`);
  const sha512 = sha512Of(locked);
  const folder = join(root, 'node_modules/.cache/skerry/packages', sha512.slice(0, 16));
  await cachedFolder(folder, async (partial) => {
    const packed = await packInto(partial, `${name}@${locked.version}`);
    if (
      createHash('sha512')
        .update(await readFile(packed))
        .digest('hex') !== sha512
    )
      throw new Error(`${name}@${locked.version} is not what package-lock.json names`);
    await tar.extract({ file: packed, cwd: partial, strip: 1 });
    await rm(packed);
    return true;
  });
  return { ...locked, name, folder };
}

async function packInto(folder: string, spec: string): Promise<string> {
  const [made] = JSON.parse(
    await runProgram('npm', ['pack', '--json', '--silent', '--pack-destination', folder, spec]),
  ) as readonly { readonly filename: string }[];
  if (made === undefined) throw new Error(`npm cannot fetch ${spec}`);
  return join(folder, made.filename);
}
