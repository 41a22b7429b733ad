import { join } from 'node:path';
import type { Identity } from '../../edge/follow/upstream/identity.ts';
import { Upstream } from '../../edge/follow/upstream/upstream.ts';
import type { Clock } from '../../shared/clock.ts';
import { keyInFile } from '../../shared/signing/key-file.ts';
import { newNonce } from '../../shared/signing/nonce.ts';
import { type Finding, faultBy, ok } from './finding.ts';

export interface Membership {
  /** The data folder of an edge that has joined. */
  readonly data: string;
  readonly identity: Identity;
  readonly origin: string;
  readonly ca: string | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Checks whether the origin accepts this edge as a member, and whether the stream of the log arrives without delay. */
export async function membership({
  data,
  identity,
  origin,
  ca,
  clock,
  signal,
}: Membership): Promise<Finding> {
  const { name, recovery } = identity;
  const upstream = new Upstream({ url: origin, isOrigin: true }, clock, { trust: { ca, recovery } });
  const enough = new AbortController();
  const until = AbortSignal.any([signal, enough.signal]);
  try {
    const key = await keyInFile(join(data, 'edge-key.pem'), true);
    const { log } = await upstream.joinHello(newNonce(), until);
    const wants = { sites: null, prefixes: null };
    for await (const _ of upstream.stream({ name, key, log }, 1, wants, until)) break;
    return ok('membership', `the origin accepts this edge as ${name}`);
  } catch (error) {
    signal.throwIfAborted();
    return faultBy('membership', error);
  } finally {
    enough.abort();
    await upstream.close();
  }
}
