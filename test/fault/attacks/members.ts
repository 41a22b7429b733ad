import { setImmediate } from 'node:timers/promises';
import { join } from '../../../edge/follow/upstream/join.ts';
import type { Self } from '../../../edge/follow/upstream/transfer.ts';
import { Upstream } from '../../../edge/follow/upstream/upstream.ts';
import type { ApiClient } from '../../../origin/client/api-client.ts';
import { type Clock, systemClock } from '../../../shared/clock.ts';
import type { Digest } from '../../../shared/content/digest.ts';
import { toSkerryError } from '../../../shared/errors.ts';
import { type Receipt, signReceipt } from '../../../shared/log/receipt.ts';
import { GENESIS } from '../../../shared/log/record.ts';
import { generateSigningKey } from '../../../shared/signing/keys.ts';
import { type SignedReport, signReport } from '../../../shared/wire/protocol.ts';

/** A malicious edge that has joined. It speaks the protocol, with valid proofs. */
export interface Member {
  readonly upstream: Upstream;
  readonly self: Self;
}

/** The number of answers by code. `ok` counts the answers that were no refusal. */
export type Met = Map<string, number>;

const transfer = (signal: AbortSignal) => ({ signal, bandwidths: [], isForReaders: true });

export async function joinAsMember(
  { url, client, clock = systemClock }: { url: string; client: ApiClient; clock?: Clock },
  name: string,
  mayRead?: string[],
  given?: string,
): Promise<Member> {
  const key = generateSigningKey();
  const upstream = new Upstream({ url, isOrigin: true }, clock);
  const request = { scope: 'join', edge: name, ...(mayRead && { mayRead }) };
  const token = given ?? (await client.createToken(request)).token;
  const place = { origin: url, token, name, region: 'r', lat: null, lon: null };
  const {
    chain: { log },
  } = await join(upstream, place, key, new AbortController().signal);
  return { upstream, self: { name, key, log } };
}

/**
 * Sends one request for a bundle whose list of names equals the digest of an object. The origin must not take the
 * cached answer for the object.
 */
export async function poisonEncodings(member: Member, victim: Digest, signal: AbortSignal): Promise<void> {
  const names = Buffer.from(victim, 'base64url');
  const digests = Array.from({ length: names.length / 8 }, (_, i) =>
    names
      .subarray(8 * i, 8 * i + 8)
      .toString('hex')
      .padEnd(64, '0'),
  ) as Digest[];
  for await (const _ of member.upstream.bundle(member.self, digests, undefined, transfer(signal)));
}

/**
 * Sends one request for what honest edges will ask for, with the digest of their dictionary but with the names of other
 * objects. The cached answer must not deprive honest edges of their delta.
 */
export async function spoilDictionary(
  member: Member,
  wanted: readonly Digest[],
  dictionary: Buffer,
  signal: AbortSignal,
): Promise<void> {
  const others = { digests: ['0'.repeat(64) as Digest], bytes: dictionary };
  for await (const _ of member.upstream.bundle(member.self, wanted, others, transfer(signal)));
}

export interface Flood {
  readonly atOnce: number;
  /** The number of requests. Without it, requests go on until the signal aborts. */
  readonly count?: number;
  readonly signal: AbortSignal;
}

/** Reports full of receipts, all signed by the member. With `same`, all reports have the same receipts. */
export async function signedReports(
  { self: { log, name: edge, key } }: Member,
  { count, receipts = 1000, same = false }: { count: number; receipts?: number; same?: boolean },
): Promise<SignedReport[]> {
  const from = (first: number): Receipt[] =>
    Array.from({ length: receipts }, (_, i) =>
      signReceipt({ ...RECEIPT, log, edge, revision: first + i, seq: first + i }, key),
    );
  const status = { position: 0, hash: GENESIS, head: null, version: 'flood', parent: null };
  const limits = {
    sites: null,
    prefixes: null,
    delay: 0,
    rate: null,
    schedule: null,
    storage: 'full' as const,
  };
  const once = from(1);
  const reports: SignedReport[] = [];
  for (let i = 0; i < count; i++) {
    const signed = same || i === 0 ? once : from(1 + i * receipts);
    const body = {
      ...status,
      time: systemClock.now() + i,
      sites: [],
      faults: [],
      limits,
      statements: signed.map((body) => ({ kind: 'receipt', body })),
    };
    reports.push(signReport(log, edge, body, key));
    // Lets those run that measure the origin in this process.
    await setImmediate();
  }
  return reports;
}

/** Sends each of the reports, many at a time. Nothing is signed while it runs. */
export function floodReports(
  { upstream, self }: Member,
  reports: readonly SignedReport[],
  flood: Omit<Flood, 'count'>,
): Promise<Met> {
  return repeated({ ...flood, count: reports.length }, (turn) =>
    upstream.report(self, reports.slice(turn, turn + 1), flood.signal),
  );
}

/** Requests bundles that nobody else asks for. Each one differs from the others, so it has to be encoded anew. */
export function floodBundles(member: Member, digests: readonly Digest[], flood: Flood): Promise<Met> {
  return repeated(flood, async (turn) => {
    // One more name makes a different list, and adds no bytes to the bundle.
    const names = [...digests, turn.toString(16).padEnd(64, 'f') as Digest];
    for await (const _ of member.upstream.bundle(member.self, names, undefined, transfer(flood.signal)));
  });
}

/** Sends requests that wait for a future revision, or whose answers nobody reads. Ends when the signal aborts. */
export function hoardObjects(member: Member, digest: Digest, flood: Flood): Promise<Met> {
  return repeated(flood, async () => {
    const body = await member.upstream.object(member.self, digest, undefined, transfer(flood.signal));
    await new Promise((resolve) => flood.signal.addEventListener('abort', resolve, { once: true }));
    body.destroy();
  });
}

const RECEIPT = { epoch: 1, site: 1, root: 'a'.repeat(64), since: 1, covers: 'all' };

async function repeated({ atOnce, count, signal }: Flood, once: (turn: number) => Promise<unknown>) {
  const met: Met = new Map();
  let next = 0;
  const lane = async () => {
    while (!signal.aborted && (count === undefined || next < count)) {
      const code = await once(next++).then(
        () => 'ok',
        (error) => (signal.aborted ? undefined : toSkerryError(error).code),
      );
      if (code !== undefined) met.set(code, (met.get(code) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return met;
}
