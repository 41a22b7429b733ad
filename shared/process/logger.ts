import { destination, type Logger, pino, stdSerializers } from 'pino';
import { systemCode } from '../errors.ts';
import type { NewestLines } from './newest-lines.ts';

/**
 * A structured log on stderr. It shows warnings and errors unless SKERRY_LOG names another level. Secrets are left out.
 * If `newest` is given, the lines are also added to it.
 */
export function createLogger(newest?: NewestLines): Logger {
  const stderr = destination({ fd: 2, sync: true });
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
    {
      write(line: string) {
        newest?.add(line);
        stderr.write(line);
      },
    },
  );
}

/**
 * A log for events that an operator looks up later. It shows lines of level `info`, unless SKERRY_LOG asks for fewer.
 */
export function alwaysTold(log: Logger): Logger {
  return process.env.SKERRY_LOG === undefined && log.level === 'warn'
    ? log.child({}, { level: 'info' })
    : log;
}

/** An expected error or a network error needs no stack at each retry: its code and cause say enough. */
function briefly(error: Error): unknown {
  const code = systemCode(error);
  if (code === undefined || code === 'internal') return stdSerializers.err(error);
  const { message, cause } = error;
  return { code, message, ...(cause instanceof Error ? { cause: cause.message } : {}) };
}
