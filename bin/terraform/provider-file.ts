import { join } from 'node:path';
import { version as ownVersion } from '../../shared/version.ts';

export const PROVIDER_FILE = 'terraform-provider-skerry';

/** The address by which configurations name the provider: `source = "skerry/skerry"`. */
const ADDRESS = 'registry.terraform.io/skerry/skerry';
/** Terraform's names of architectures. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** The version and the platform of a provider. `platform` and `arch` are Node's names. */
export interface Target {
  readonly version: string;
  readonly platform: string;
  readonly arch: string;
}

/** The path of the provider in a filesystem mirror, where `terraform init` looks for it. */
export function placeInMirror(
  mirror: string,
  { version, platform, arch }: Target = {
    version: ownVersion,
    platform: process.platform,
    arch: process.arch,
  },
): string {
  const folder = join(mirror, ADDRESS, version, `${platform}_${ARCHITECTURES[arch] ?? arch}`);
  return join(folder, `${PROVIDER_FILE}_v${version}`);
}
