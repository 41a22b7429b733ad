import { Command } from 'commander';
import type { OriginOptions } from '../../origin/main.ts';
import { s3Location } from '../../origin/store/s3/location.ts';
import { DEFAULT_DATA } from '../options/client-command.ts';
import { option, port, trustedProxyOption } from '../options/options.ts';
import { announce, keepFilesPrivate } from '../running/own-process.ts';
import { aborted, interruption } from '../terminal/interruption.ts';

export function originCommand(): Command {
  return new Command('origin')
    .description('run the origin, which takes in publishes and feeds the edges')
    .addOption(option('--data <dir>', 'where the origin keeps its log and objects').default(DEFAULT_DATA))
    .addOption(
      option('--host <host>', 'the address to listen on; beyond loopback, the origin speaks TLS').default(
        '127.0.0.1',
      ),
    )
    .addOption(option('--port <port>', 'the port of the API').argParser(port).default(7400))
    .addOption(
      option('--s3-port [port]', 'also offer the S3-compatible API, on this port (7480 if none is named)')
        .argParser(port)
        .preset(7480),
    )
    .addOption(
      option('--store <url>', 'keep objects in s3://BUCKET/PREFIX instead of the data folder').argParser(
        s3Location,
      ),
    )
    .addOption(trustedProxyOption())
    .addOption(
      option(
        '--accept-divergence',
        'continue to write although this log is an older copy, and edges have records that it lacks',
      ),
    )
    .addOption(
      option(
        '--tls-cert <file>',
        'speak TLS with this certificate instead of one of its own; the origin notices changes',
      ),
    )
    .addOption(option('--tls-key <file>', 'the key of this certificate'))
    .addOption(
      option(
        '--insecure',
        'speak plain HTTP beyond loopback, if something in front of the origin does TLS, or protects the connection',
      ),
    )
    .addOption(option('--webhook-allow-http', 'let webhooks be sent unencrypted'))
    .addOption(
      option(
        '--webhook-allow-private',
        'let webhooks be sent to loopback, private and other addresses that are not public',
      ),
    )
    .action(async (options: OriginOptions) => {
      const signal = interruption();
      keepFilesPrivate();
      // Only this command needs these libraries, so the other commands do not load them.
      const { startOrigin } = await import('../../origin/main.ts');
      const { createLogger } = await import('../../shared/process/logger.ts');
      const origin = await startOrigin(options, createLogger());
      const s3 = origin.s3Url === undefined ? '' : `, and for S3 clients on ${origin.s3Url}`;
      announce(`skerry origin listens on ${origin.url}${s3}`, signal);
      await aborted(signal);
      await origin.close();
    });
}
