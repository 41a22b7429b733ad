import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Clock, systemClock } from '../../shared/clock.ts';
import { systemCode } from '../../shared/errors.ts';
import { aborted } from '../terminal/interruption.ts';
import { printError } from '../terminal/output.ts';

/** The variables by which systemd asks for messages. */
export const SYSTEMD_VARIABLES = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'];

/**
 * systemd ends a service that sends no keep-alive message for a whole watchdog period. One late message must not have
 * this effect.
 */
const SIGNS_PER_PERIOD = 3;

/** Sends one message. Its fields are of the form `NAME=VALUE`. */
type Notify = (fields: readonly string[]) => Promise<void>;

/**
 * Informs systemd if it has started this process with `Type=notify`: first that the process is ready, then regularly
 * that it is alive, and, when `signal` aborts, that it is stopping. Otherwise, does nothing. A message that cannot be
 * sent is reported on stderr, and does not stop the process.
 */
export async function informSystemd(
  signal: AbortSignal,
  {
    environment = process.env,
    notify = systemdNotify,
    clock = systemClock,
  }: {
    readonly environment?: NodeJS.ProcessEnv;
    readonly notify?: Notify;
    readonly clock?: Pick<Clock, 'sleep'>;
  } = {},
): Promise<void> {
  if (environment.NOTIFY_SOCKET === undefined) return;
  const tell = (...fields: string[]) => notify(fields).catch(report);
  // With an older Node, systemd has started the launcher, and this process is the launcher's child.
  await tell('READY=1', `MAINPID=${process.pid}`);
  const period = Number(environment.WATCHDOG_USEC ?? 0) / 1000;
  // The event loop sends the keep-alive messages, so they stop if the event loop hangs.
  while (period > 0 && !signal.aborted) {
    await tell('WATCHDOG=1');
    await clock.sleep(period / SIGNS_PER_PERIOD, signal).catch(() => {});
  }
  await aborted(signal);
  await tell('STOPPING=1');
}

function report(error: unknown): void {
  printError(`systemd does not learn how this role is, because systemd-notify fails: ${systemCode(error)}`);
}

/** Node does not support Unix datagram sockets, so systemd's own program `systemd-notify` sends the message. */
async function systemdNotify(fields: readonly string[]): Promise<void> {
  const program = spawn('systemd-notify', [...fields], { stdio: ['ignore', 'ignore', 'inherit'] });
  await once(program, 'exit');
}
