import { destination, type Logger, pino, stdSerializers } from 'pino';
import { systemCode } from '../errors.ts';

/** Structured logs on stderr, quiet unless SKERRY_LOG names a lower level; secrets are left out. */
export function createLogger(): Logger {
  return pino(
    {
      name: 'skerry',
      level: process.env.SKERRY_LOG ?? 'warn',
      serializers: { err: briefly },
      redact: {
        paths: ['*.authorization', '*.token', '*.headers.authorization', '*.privateKey'],
        remove: true,
      },
    },
    destination({ fd: 2, sync: true }),
  );
}

/** A log for what an operator looks up later: its lines of level `info` come, unless SKERRY_LOG asks for fewer. */
export function alwaysTold(log: Logger): Logger {
  return process.env.SKERRY_LOG === undefined && log.level === 'warn'
    ? log.child({}, { level: 'info' })
    : log;
}

/** What was foreseen, or is the network's, needs no stack at each retry: code and cause say enough. */
function briefly(error: Error): unknown {
  const code = systemCode(error);
  if (code === undefined || code === 'internal') return stdSerializers.err(error);
  const { message, cause } = error;
  return { code, message, ...(cause instanceof Error ? { cause: cause.message } : {}) };
}
