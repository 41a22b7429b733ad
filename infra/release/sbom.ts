import { Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';
import { PackageURL } from 'packageurl-js';
import type { Library } from '../libraries.ts';
import { lockedPackages, sha512Of } from './npm-packages.ts';
import type { Platform } from './platform.ts';
import type { Runtime } from './runtime.ts';

interface Contents {
  readonly version: string;
  readonly platform: Platform;
  readonly runtime: Runtime;
  /** The libraries whose code is in the bundles. */
  readonly libraries: readonly Library[];
  readonly time: Date;
}

/**
 * Lists the contents of an archive, as CycloneDX 1.6. The list names only the libraries that the bundles contain, which
 * are fewer than those that npm installs. It has no serial number, so that the same contents give the same bytes.
 */
export async function sbomOf({ version, platform, runtime, libraries, time }: Contents): Promise<string> {
  const bom = new Models.Bom();
  bom.metadata.timestamp = time;
  bom.metadata.component = component(Enums.ComponentType.Application, 'skerry', version, {
    bomRef: 'skerry',
    license: 'MIT',
  });
  const locked = await lockedPackages();
  const parts = [
    npmComponent(runtime.node.name, runtime.node.version, { license: 'MIT', sha512: sha512Of(runtime.node) }),
    component(Enums.ComponentType.Library, runtime.libatomic.name, runtime.libatomic.version, {
      license: 'GPL-3.0-or-later WITH GCC-exception-3.1',
      purl: new PackageURL('deb', 'debian', runtime.libatomic.name, runtime.libatomic.version, {
        arch: platform.debian,
        distro: 'bookworm',
      }),
      hash: [Enums.HashAlgorithm['SHA-256'], runtime.libatomic.sha256],
    }),
    ...libraries.map(({ name, version, license, folder }) => {
      const found = locked.get(folder);
      if (found === undefined) throw new Error(`package-lock.json does not name ${folder}`);
      return npmComponent(name, version, { license, sha512: sha512Of(found) });
    }),
  ];
  for (const part of parts) {
    bom.components.add(part);
    bom.metadata.component.dependencies.add(part.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

function npmComponent(
  fullName: string,
  version: string,
  { license, sha512 }: { readonly license: string; readonly sha512: string },
): Models.Component {
  const [, group, name = fullName] = /^(@[^/]+)\/(.+)$/.exec(fullName) ?? [];
  return component(Enums.ComponentType.Library, name, version, {
    ...(group !== undefined && { group }),
    license,
    purl: new PackageURL('npm', group, name, version),
    hash: [Enums.HashAlgorithm['SHA-512'], sha512],
  });
}

interface About {
  /** An SPDX expression. */
  readonly license: string;
  readonly bomRef?: string;
  readonly group?: string;
  readonly purl?: PackageURL;
  readonly hash?: readonly [Enums.HashAlgorithm, string];
}

function component(
  type: Enums.ComponentType,
  name: string,
  version: string,
  { license, bomRef, group, purl, hash }: About,
): Models.Component {
  return new Models.Component(type, name, {
    version,
    ...(bomRef !== undefined && { bomRef }),
    ...(group !== undefined && { group }),
    ...(purl !== undefined && { purl: purl.toString(), bomRef: purl.toString() }),
    ...(hash !== undefined && { hashes: new Models.HashDictionary([hash]) }),
    licenses: new Models.LicenseRepository([new Models.LicenseExpression(license)]),
  });
}
