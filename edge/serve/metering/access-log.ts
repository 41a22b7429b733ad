import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import sonicBoom from 'sonic-boom';
import { withoutTokens } from '../../../shared/site/signed-url.ts';
import type { AccessLogOptions } from '../../messages/options.ts';

/** One request and its response. */
export interface Exchange {
  /** When the exchange ended, in milliseconds since 1970. */
  readonly time: number;
  /** Undefined when no site was found. */
  readonly site: string | undefined;
  readonly client: string;
  readonly scheme: 'http' | 'https';
  /** `1.0`, `1.1` or `2.0`. */
  readonly version: string;
  readonly method: string;
  readonly host: string | undefined;
  /** The target with its query. */
  readonly target: string;
  readonly status: number;
  /** The bytes of the body. */
  readonly bytes: number;
  readonly seconds: number;
  readonly referer: string | undefined;
  readonly agent: string | undefined;
  /** The value as in `Cache-Status`. */
  readonly cache: string | undefined;
}

/** Lines are written after this time, or when this many bytes are waiting. If the disk is too slow, lines are lost. */
const FLUSH_MS = 250;
const FLUSH_BYTES = 12 * 1024;
const MOST_BYTES = 8 * 1024 * 1024;
const LOOK_FOR_ROTATION_MS = 1000;
/** Only the operator may read the addresses and requests of readers. */
const LOG_MODE = 0o600;

/**
 * Appends a line for each exchange in the background. Several processes append to one file, and each write consists of
 * whole lines. When the file has been renamed or removed, this class creates a new one, so log rotation needs no
 * signal.
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
    // A line that cannot be written is lost. Readers still get their responses.
    this.#sink.on('error', () => {});
    this.#timers = [
      setInterval(() => this.#ifPossible(() => this.#sink.flush()), FLUSH_MS).unref(),
      setInterval(() => this.#ifPossible(() => this.#followRotation()), LOOK_FOR_ROTATION_MS).unref(),
    ];
  }

  write(exchange: Exchange): void {
    this.#sink.write(`${this.#format(unsigned(exchange))}\n`);
  }

  /** Writes the lines that are waiting. */
  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#ifPossible(() => this.#sink.flushSync());
  }

  #ifPossible(act: () => void): void {
    try {
      // Before the file is open, there is nothing to flush or to reopen.
      if (this.#descriptor >= 0) act();
    } catch {
      // If this fails, only lines of the log are lost.
    }
  }

  get #descriptor(): number {
    return (this.#sink as unknown as { fd: number }).fd;
  }

  #followRotation(): void {
    const named = statSync(this.#file, { throwIfNoEntry: false });
    if (named?.ino === fstatSync(this.#descriptor).ino) return;
    // The file is created first, because after a failed `reopen`, the sink would close its old descriptor twice.
    closeSync(openSync(this.#file, 'a', LOG_MODE));
    this.#sink.reopen();
  }
}

/** Removes tokens, because people who read the log must not be able to use the readers' tokens. */
function unsigned({ target, referer, ...exchange }: Exchange): Exchange {
  return { ...exchange, target: withoutTokens(target), referer: referer && withoutTokens(referer) };
}

function jsonLine({ time, ...exchange }: Exchange): string {
  return JSON.stringify({ time: new Date(time).toISOString(), ...exchange });
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The combined format of nginx and Apache, in UTC. */
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

/** Escapes characters that would end the field or the line, because readers choose this text. */
function quoted(text: string): string {
  return text.replace(
    /["\\]|[^\x20-\x7e]/g,
    (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
