import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';
import type { ApiClient } from '../../origin/client/api-client.ts';
import { unreachable } from '../../origin/client/api-client.ts';
import { Probe, type ProbeTrust } from '../../origin/client/probe.ts';
import { hasCode, SkerryError, systemCode } from '../../shared/errors.ts';
import { clockFault } from '../../shared/log/clock-fault.ts';
import { expiryFault } from '../../shared/tls/expiry.ts';
import { EVENT_STREAM_TYPE } from '../../shared/wire/event.ts';
import { type Finding, fault, faultBy, ok } from './finding.ts';

const CONNECT_MS = 5000;
/** A proxy that does not buffer delivers the first bytes of a stream within this time. */
const STREAM_MS = 5000;
const RENEWAL =
  'Renew it: at the origin (--tls-cert), or at the proxy in front of it. The origin renews certificates of its own CA by itself, unless its clock is wrong.';
/** The size that the upload check announces, that of a large object. */
const UPLOAD_BYTES = 100_000_000;

export interface Patient {
  /** The URL of the origin. */
  readonly origin: URL;
  readonly trust: ProbeTrust;
  /** A client with the token. Undefined without a token. */
  readonly client: ApiClient | undefined;
  readonly signal: AbortSignal;
  readonly now: () => number;
}

/** Checks the path to the origin step by step. Stops at a fault that makes the later checks pointless. */
export async function* examine(patient: Patient): AsyncGenerator<Finding> {
  const { origin, trust } = patient;
  const host = origin.hostname.replace(/^\[|\]$/g, '');
  const port = Number(origin.port || (origin.protocol === 'https:' ? 443 : 80));
  const named = await addressesOf(host);
  yield named.finding;
  if (named.addresses.length === 0) return;
  const connection = await dialAll(named.addresses, port);
  yield connection;
  if (connection.state === 'fault') return;
  const probe = new Probe(origin.origin, trust);
  try {
    let isAnswered = true;
    for (const finding of await answers(probe, patient)) {
      isAnswered &&= finding.state === 'ok' || ASIDE.includes(finding.subject);
      yield finding;
    }
    if (!isAnswered) return;
    yield* requests(probe, patient);
  } finally {
    await probe.close();
  }
}

async function addressesOf(host: string): Promise<{ finding: Finding; addresses: string[] }> {
  if (isIP(host) !== 0) return { finding: ok('name', `${host} is an address`), addresses: [host] };
  try {
    const addresses = (await lookup(host, { all: true })).map(({ address }) => address);
    return { finding: ok('name', `${host} is ${addresses.join(', ')}`), addresses };
  } catch (error) {
    const hint = 'Check the name in --origin, and the resolver of this machine: `getent hosts NAME`.';
    return {
      finding: fault('name', `${host} has no address (${systemCode(error) ?? error})`, hint),
      addresses: [],
    };
  }
}

async function dialAll(addresses: readonly string[], port: number): Promise<Finding> {
  const tried = await Promise.all(
    addresses.map(async (address) => ({ address, fault: await dial(address, port) })),
  );
  const failed = tried.filter((one) => one.fault !== undefined);
  const told = failed.map(({ address, fault }) => `${address}: ${fault}`).join('; ');
  const [first] = failed;
  if (first === undefined || failed.length < tried.length)
    return ok('connection', `port ${port} answers${told === '' ? '' : `, but not everywhere (${told})`}`);
  return fault('connection', `nobody answers on port ${port} (${told})`, hintFor(first.fault));
}

function hintFor(code: string | undefined): string {
  if (code === 'ECONNREFUSED')
    return 'Start the origin, or correct the port. An origin that listens on 127.0.0.1 is reached from its own machine alone: start it with --host.';
  if (code === 'ETIMEDOUT')
    return 'A firewall may drop the packets, or the machine is down: open the port for this machine.';
  return 'Check the route to that machine.';
}

/** Resolves with undefined if the connection opens, or else with the error code. */
function dial(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_MS });
    const end = (code: string | undefined) => {
      socket.destroy();
      resolve(code);
    };
    socket.once('connect', () => end(undefined));
    socket.once('timeout', () => end('ETIMEDOUT'));
    socket.once('error', (error) => end(systemCode(error) ?? error.message));
  });
}

/** Whether the origin answers requests does not depend on these findings. */
const ASIDE: readonly Finding['subject'][] = ['clock', 'certificate'];

/** Checks whether TLS and HTTP work, how long the certificate lasts, and whether the clocks agree. */
async function answers(probe: Probe, { origin, now }: Patient): Promise<Finding[]> {
  try {
    const before = now();
    const { status, date, expires } = await probe.answer();
    const offset = date === undefined ? 0 : (before + now()) / 2 - date;
    const off = clockFault(offset);
    const clock =
      off === undefined
        ? ok('clock', 'the clocks agree')
        : fault('clock', `compared with the origin, ${off}`, 'Set the clocks of both machines by NTP.');
    const certificate = expires === undefined ? [] : [lastingFinding(expires, now())];
    if (status === 200) return [ok('answer', `${origin.origin} answers`), ...certificate, clock];
    return [...certificate, clock, statusFault(origin, status)];
  } catch (error) {
    return [faultBy('answer', unreachable(origin.origin, error))];
  }
}

function lastingFinding(expires: number, now: number): Finding {
  const soon = expiryFault(expires, now);
  return soon === undefined
    ? ok('certificate', 'the certificate does not expire soon')
    : fault('certificate', `the certificate ${soon}`, RENEWAL);
}

function statusFault(origin: URL, status: number): Finding {
  const { hint } = new SkerryError(status === 404 ? 'not-an-origin' : 'proxy-refused', '');
  return fault('answer', `${origin.origin} answers /healthz with ${status}`, hint);
}

async function* requests(probe: Probe, patient: Patient): AsyncGenerator<Finding> {
  const { client } = patient;
  const token = await tokenOf(client);
  if (token !== undefined) yield token;
  yield await uploads(probe);
  if (client !== undefined && token?.state === 'ok') {
    const stream = await streamOf(client, patient.signal);
    if (stream !== undefined) yield stream;
  }
}

async function tokenOf(client: ApiClient | undefined): Promise<Finding | undefined> {
  try {
    await client?.status();
    return client && ok('token', 'the origin accepts the token');
  } catch (error) {
    // A token for publishing may not read the status.
    if (hasCode(error, 'forbidden')) return ok('token', 'the origin knows the token');
    return faultBy('token', error);
  }
}

async function uploads(probe: Probe): Promise<Finding> {
  const status = await probe.answerToUpload(UPLOAD_BYTES).catch(faultOfUpload);
  if (typeof status === 'object') return status;
  if (status !== 413) return ok('uploads', 'large uploads get through');
  return fault(
    'uploads',
    'something in front of the origin takes no body of 100 MB',
    'Raise its limit: client_max_body_size in nginx. See docs/operations.md, "Behind a reverse proxy".',
  );
}

/** A server may close the connection instead of reading a body that it has refused, so not every error is a fault. */
function faultOfUpload(error: unknown): Finding | undefined {
  const code = systemCode(error);
  if (code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE') return undefined;
  return faultBy('uploads', error);
}

async function streamOf(client: ApiClient, signal: AbortSignal): Promise<Finding | undefined> {
  const late = AbortSignal.timeout(STREAM_MS);
  const until = AbortSignal.any([signal, late]);
  try {
    const body = await client.stream('/v1/events', { accept: EVENT_STREAM_TYPE }, until);
    for await (const _ of body) break;
    return ok('stream', 'streams get through at once');
  } catch (error) {
    signal.throwIfAborted();
    if (hasCode(error, 'forbidden')) return undefined;
    if (!late.aborted) return faultBy('stream', error);
    const { hint } = new SkerryError('silent-feed', '');
    return fault('stream', `a stream brings no byte for ${STREAM_MS / 1000} s`, hint);
  }
}
