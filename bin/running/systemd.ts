import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Clock, systemClock } from '../../shared/clock.ts';
import { systemCode } from '../../shared/errors.ts';
import { aborted } from '../terminal/interruption.ts';
import { printError } from '../terminal/output.ts';

/** The variables by which systemd asks for messages. */
export const SYSTEMD_VARIABLES = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'];

/** systemd ends a role that gives no sign of life for a whole period. One late sign must not end it. */
const SIGNS_PER_PERIOD = 3;

/** Sends one message. Its fields are of the form `NAME=VALUE`. */
type Notify = (fields: readonly string[]) => Promise<void>;

/**
 * If systemd waits for this role (`Type=notify`), tells it that the role is ready, gives it signs of life until `signal`
 * aborts, and tells it then that the role stops. Otherwise, does nothing. A message that cannot be sent is reported on
 * stderr, and does not stop the role.
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
  // Under an older Node, systemd has started the launcher, and this process is its child.
  await tell('READY=1', `MAINPID=${process.pid}`);
  const period = Number(environment.WATCHDOG_USEC ?? 0) / 1000;
  // The signs come from the event loop, so they stop when the loop does.
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

/** Node has no datagram sockets of the Unix domain, so a program of systemd sends the message. */
async function systemdNotify(fields: readonly string[]): Promise<void> {
  const program = spawn('systemd-notify', [...fields], { stdio: ['ignore', 'ignore', 'inherit'] });
  await once(program, 'exit');
}
