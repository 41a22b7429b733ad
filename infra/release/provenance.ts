import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../join-modules.ts';
import { sha512Of } from './npm-packages.ts';
import type { Platform } from './platform.ts';
import { runProgram } from './run-program.ts';
import type { Runtime } from './runtime.ts';

/** The commit from which the release is built. */
export interface Source {
  readonly commit: string;
  /** The time of the commit, in seconds since 1970. */
  readonly time: number;
  /** Whether files differ from the commit, so that nobody else can build the same release. */
  readonly isChanged: boolean;
}

export async function sourceOfTree(): Promise<Source> {
  const git = (...args: string[]) => runProgram('git', args, { cwd: root });
  return {
    commit: await git('rev-parse', 'HEAD'),
    time: Number(await git('log', '-1', '--format=%ct')),
    isChanged: (await git('status', '--porcelain')) !== '',
  };
}

interface Built {
  readonly version: string;
  /** The builder's name, a URI. */
  readonly builder: string;
  readonly source: Source;
  /** The time that the files carry, in seconds since 1970. */
  readonly epoch: number;
  /** The SHA-256 of each file, by its name. */
  readonly files: ReadonlyMap<string, string>;
  readonly runtimes: readonly (readonly [Platform, Runtime])[];
}

/**
 * States how the files were built: an in-toto statement with the predicate SLSA provenance 1. It is not signed. It
 * contains no times, so that the same input gives the same bytes.
 */
export async function provenanceOf(built: Built): Promise<string> {
  const { version, builder, source, epoch, files, runtimes } = built;
  const lock = createHash('sha256')
    .update(await readFile(join(root, 'package-lock.json')))
    .digest('hex');
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [...files].map(([name, sha256]) => ({ name, digest: { sha256 } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'urn:skerry:release:1',
        externalParameters: { command: 'npm run release', version, sourceDateEpoch: epoch },
        resolvedDependencies: [
          {
            name: 'source',
            digest: { gitCommit: source.commit },
            annotations: { hasUncommittedChanges: source.isChanged },
          },
          { name: 'package-lock.json', digest: { sha256: lock } },
          ...runtimes.flatMap(([{ debian }, { node, libatomic }]) => [
            { uri: `pkg:npm/${node.name}@${node.version}`, digest: { sha512: sha512Of(node) } },
            {
              uri: `pkg:deb/debian/${libatomic.name}@${libatomic.version}?arch=${debian}`,
              digest: { sha256: libatomic.sha256 },
            },
          ]),
        ],
      },
      runDetails: { builder: { id: builder, version: { node: process.version } } },
    },
  };
  return `${JSON.stringify(statement, null, 2)}\n`;
}
