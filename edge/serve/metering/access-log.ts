import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import sonicBoom from 'sonic-boom';
import { withoutTokens } from '../../../shared/site/signed-url.ts';
import type { AccessLogOptions } from '../../messages/options.ts';

/** One request and its answer. */
export interface Exchange {
  /** Milliseconds since 1970, at its end. */
  readonly time: number;
  /** Undefined when no site was found. */
  readonly site: string | undefined;
  readonly client: string;
  readonly scheme: 'http' | 'https';
  /** `1.0`, `1.1` or `2.0`. */
  readonly version: string;
  readonly method: string;
  readonly host: string | undefined;
  /** With its query. */
  readonly target: string;
  readonly status: number;
  /** Of the body. */
  readonly bytes: number;
  readonly seconds: number;
  readonly referer: string | undefined;
  readonly agent: string | undefined;
  /** As `Cache-Status` says. */
  readonly cache: string | undefined;
}

/** Lines wait for so long or until they are so many; a disk that does not keep up loses lines, not memory. */
const FLUSH_MS = 250;
const FLUSH_BYTES = 12 * 1024;
const MOST_BYTES = 8 * 1024 * 1024;
const LOOK_FOR_ROTATION_MS = 1000;
/** Addresses of readers, and what they asked for, are for the operator alone. */
const LOG_MODE = 0o600;

/**
 * Appends a line for each exchange, off the path of the answer. Several processes write to one file: each write ends
 * with a line. When the file has been renamed or removed a new one is begun, so log rotation needs no signal.
 */
export class AccessLog {
  readonly #file: string;
  readonly #format: (exchange: Exchange) => string;
  readonly #sink: sonicBoom.SonicBoom;
  readonly #timers: NodeJS.Timeout[];

  constructor({ file, format }: AccessLogOptions) {
    this.#file = file;
    this.#format = format === 'json' ? jsonLine : combinedLine;
    this.#sink = new sonicBoom.SonicBoom({
      dest: file,
      append: true,
      mkdir: true,
      mode: LOG_MODE,
      sync: false,
      minLength: FLUSH_BYTES,
      maxLength: MOST_BYTES,
    });
    // What cannot be written is lost: readers are answered all the same.
    this.#sink.on('error', () => {});
    this.#timers = [
      setInterval(() => this.#ifPossible(() => this.#sink.flush()), FLUSH_MS).unref(),
      setInterval(() => this.#ifPossible(() => this.#followRotation()), LOOK_FOR_ROTATION_MS).unref(),
    ];
  }

  write(exchange: Exchange): void {
    this.#sink.write(`${this.#format(unsigned(exchange))}\n`);
  }

  /** Writes what waits. */
  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#ifPossible(() => this.#sink.flushSync());
  }

  #ifPossible(act: () => void): void {
    try {
      // Until the file is open there is nothing to act on.
      if (this.#descriptor >= 0) act();
    } catch {
      // As above.
    }
  }

  get #descriptor(): number {
    return (this.#sink as unknown as { fd: number }).fd;
  }

  #followRotation(): void {
    const named = statSync(this.#file, { throwIfNoEntry: false });
    if (named?.ino === fstatSync(this.#descriptor).ino) return;
    // Each attempt of the sink to reopen that fails would close what it has once more later.
    closeSync(openSync(this.#file, 'a', LOG_MODE));
    this.#sink.reopen();
  }
}

/** Whoever reads the log must not get in with what others were let in by. */
function unsigned({ target, referer, ...exchange }: Exchange): Exchange {
  return { ...exchange, target: withoutTokens(target), referer: referer && withoutTokens(referer) };
}

function jsonLine({ time, ...exchange }: Exchange): string {
  return JSON.stringify({ time: new Date(time).toISOString(), ...exchange });
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** As nginx and Apache write it, in UTC. */
export function combinedLine(exchange: Exchange): string {
  const { client, method, target, version, status, bytes, referer, agent } = exchange;
  const request = `${method} ${target} HTTP/${version}`;
  return (
    `${client} - - [${clfTime(exchange.time)}] "${quoted(request)}" ${status} ${bytes} ` +
    `"${quoted(referer ?? '-')}" "${quoted(agent ?? '-')}"`
  );
}

function clfTime(time: number): string {
  const [, year, month, day, clock] = /^(\d+)-(\d+)-(\d+)T([\d:]+)/.exec(new Date(time).toISOString()) ?? [];
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${clock} +0000`;
}

/** What readers send must not end the field, nor the line. */
function quoted(text: string): string {
  return text.replace(
    /["\\]|[^\x20-\x7e]/g,
    (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
