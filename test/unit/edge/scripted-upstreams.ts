import type { Test } from 'tap';
import type { Upstream } from '../../../edge/follow/upstream/upstream.ts';
import { Upstreams, upstreamAddresses } from '../../../edge/follow/upstream/upstreams.ts';
import type { Frame, UnknownFrame } from '../../../shared/wire/frame.ts';
import type { JumpingClock } from './jumping-clock.ts';

/** What one stream says; an error is thrown, and after the last it ends. */
export type Script = readonly (Frame | UnknownFrame | Error | (() => void))[];

export interface ScriptedUpstreams {
  readonly upstreams: Upstreams;
  /** The url and the first record of each stream. */
  readonly dials: readonly (readonly [url: string, from: number])[];
  /** The first record of each page that was asked for. */
  readonly paged: readonly number[];
  /** Resolves when somebody dials for whom nothing is scripted any more. */
  readonly exhausted: Promise<void>;
}

/**
 * Upstreams whose streams say what is scripted, one script a dial; further ones are silent until they are left.
 * Pages of records come as scripted, too, and are empty after that.
 */
export function scriptedUpstreams(
  t: Test,
  clock: JumpingClock,
  scripts: Readonly<Record<string, readonly Script[]>>,
  pages: Readonly<Record<string, readonly Script[]>> = {},
): ScriptedUpstreams {
  const upstreams = new Upstreams(upstreamAddresses(Object.keys(scripts), 'http://origin.test'), clock);
  t.teardown(() => upstreams.close());
  const dials: [string, number][] = [];
  const paged: number[] = [];
  const exhausted = Promise.withResolvers<void>();
  for (const upstream of upstreams.all) {
    const left = [...(scripts[upstream.url] ?? [])];
    const pagesLeft = [...(pages[upstream.url] ?? [])];
    upstream.records = async function* (_caller, from, signal) {
      paged.push(from);
      yield* spoken(pagesLeft.shift() ?? [], signal);
    };
    upstream.stream = async function* (_caller, from, _wants, signal) {
      dials.push([upstream.url, from]);
      const script = left.shift();
      if (script === undefined) exhausted.resolve();
      yield* spoken(script ?? [SILENCE], signal);
    };
  }
  return { upstreams, dials, paged, exhausted: exhausted.promise };
}

/** The connection stays, and nothing comes. */
export const SILENCE = new Error('silence');

async function* spoken(script: Script, signal: AbortSignal): ReturnType<Upstream['stream']> {
  for (const line of script) {
    signal.throwIfAborted();
    if (typeof line === 'function') line();
    else if (line === SILENCE) await new Promise((_, reject) => onAbort(signal, reject));
    else if (line instanceof Error) throw line;
    else yield line;
  }
}

function onAbort(signal: AbortSignal, reject: (reason: unknown) => void): void {
  if (signal.aborted) reject(signal.reason);
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
}
