import { destination, type Logger, pino } from 'pino';

/** Structured logs on stderr, quiet unless SKERRY_LOG names a lower level; secrets are left out. */
export function createLogger(): Logger {
  return pino(
    {
      name: 'skerry',
      level: process.env.SKERRY_LOG ?? 'warn',
      redact: {
        paths: ['*.authorization', '*.token', '*.headers.authorization', '*.privateKey'],
        remove: true,
      },
    },
    destination({ fd: 2, sync: true }),
  );
}
