import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROVIDER_FILE } from '../bin/terraform/provider-file.ts';
import { AWS_SDK, joinModules, root } from './join-modules.ts';
import { type Library, librariesAmong, licencesOf } from './libraries.ts';
import { buildProvider } from './terraform-provider/build.ts';

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

const COPIED = [
  'bin/launch.js',
  'bin/running/process-flags.json',
  'infra/example-site',
  'README.md',
  'LICENSE',
  'docs',
];

export interface PackageOptions {
  /** The version that the package names as its own. */
  readonly version: string;
  /** A complete package needs no other package and no other Node. */
  readonly isComplete: boolean;
}

/** The version in the package.json of this tree. */
export async function versionOfTree(): Promise<string> {
  return (await sourceManifest()).version;
}

/** The plugin that brings these files has another licence, and does not ship theirs. */
const SWAGGER_UI = `
## Swagger UI (Apache-2.0)

The files in \`swagger-ui/\` are those of swagger-ui-dist, Copyright 2020-2021 SmartBear Software Inc. Their licence is the
Apache License, Version 2.0, whose text stands above with @grpc/grpc-js.
`;

/** Writes the package into an empty or missing folder. Returns the libraries whose code is in it. */
export async function writePackage(
  folder: string,
  { version, isComplete }: PackageOptions,
): Promise<readonly Library[]> {
  const { files, sources } = await joinModules(join(folder, 'lib'), {
    maps: true,
    leftOut: isComplete ? [] : [AWS_SDK],
  });
  await mkdir(join(folder, 'lib'), { recursive: true });
  await Promise.all(files.map(({ path, contents }) => writeFile(path, contents)));
  for (const kept of COPIED) await cp(join(root, kept), join(folder, kept), { recursive: true });
  await cp(join(root, 'node_modules/@fastify/swagger-ui/static'), join(folder, 'swagger-ui'), {
    recursive: true,
  });
  const ofProvider = await buildProvider(join(folder, PROVIDER_FILE));
  const libraries = await librariesAmong([...sources, ...ofProvider]);
  await writeFile(join(folder, 'LICENSES-OF-LIBRARIES.md'), `${await licencesOf(libraries)}${SWAGGER_UI}`);
  await writeFile(
    join(folder, 'package.json'),
    `${JSON.stringify(published(await sourceManifest(), version, isComplete), null, 2)}\n`,
  );
  return libraries;
}

/** The manifest of the package. Libraries that were joined into its modules are not among its dependencies. */
function published(source: Manifest, version: string, isComplete: boolean): object {
  const {
    devDependencies: _dev,
    scripts: _scripts,
    files: _files,
    allowScripts: _allowed,
    dependencies,
    optionalDependencies,
    ...rest
  } = source;
  if (isComplete) return { ...rest, version };
  const scope = AWS_SDK.replace(/\*$/, '');
  const needed = Object.entries(dependencies).filter(([name]) => name.startsWith(scope));
  return { ...rest, version, optionalDependencies, dependencies: Object.fromEntries(needed) };
}

async function sourceManifest(): Promise<Manifest> {
  return JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Manifest;
}
