import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { handshakeLine, isStartedByTerraform, runCertificate } from './plugin/handshake.ts';
import { servePlugin } from './plugin/server.ts';
import { provider } from './provider.ts';

/** Runs `terraform-provider-skerry`. Terraform starts it, reads one line of its output, and calls it over a socket. */
async function main(): Promise<void> {
  if (!isStartedByTerraform(process.env)) {
    process.stderr.write('This is a provider for Terraform. Terraform starts it: see docs/terraform.md.\n');
    process.exitCode = 1;
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'skerry-provider-'));
  const socket = join(folder, 'socket');
  const client = process.env.PLUGIN_CLIENT_CERT;
  const tls = client === undefined || client === '' ? undefined : { own: await runCertificate(), client };
  const { handlers, close } = provider(process.env);
  const server = await servePlugin({
    ...{ socket, handlers, tls },
    shutdown: () => server.tryShutdown(() => void end()),
  });
  const end = async () => {
    await close();
    await rm(folder, { recursive: true, force: true });
    process.exit(0);
  };
  process.stdout.write(`${handshakeLine(socket, tls?.own.der)}\n`);
}

void main();
