import { join } from 'node:path';
import { version } from '../../shared/version.ts';

export const PROVIDER_FILE = 'terraform-provider-skerry';

/** The address by which configurations name the provider: `source = "skerry/skerry"`. */
const ADDRESS = 'registry.terraform.io/skerry/skerry';
/** Terraform's names of architectures. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** The place of the provider below a filesystem mirror, as `terraform init` looks for it. */
export function placeInMirror(mirror: string): string {
  const platform = `${process.platform}_${ARCHITECTURES[process.arch] ?? process.arch}`;
  return join(mirror, ADDRESS, version, platform, `${PROVIDER_FILE}_v${version}`);
}
