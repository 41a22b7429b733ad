import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The Debian packages with the clients, by a program or module that each brings. */
const PACKAGES = { '/usr/bin/aws': 'awscli', s3cmd: 's3cmd', rclone: 'rclone', restic: 'restic' };

/** Installs the clients that are missing. */
export async function installClients(): Promise<void> {
  const script = [
    ...Object.keys(PACKAGES).map((program) => `command -v ${program} >/dev/null`),
    "/usr/bin/python3 -c 'import boto3'",
  ].join(' && ');
  const names = [...Object.values(PACKAGES), 'python3-boto3'].join(' ');
  await run('bash', [
    '-c',
    `{ ${script}; } 2>/dev/null || { export DEBIAN_FRONTEND=noninteractive; apt-get update -qq && apt-get install -y -qq --no-install-recommends ${names} >/dev/null; }`,
  ]);
}
