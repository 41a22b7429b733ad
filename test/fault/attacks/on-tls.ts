import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { authorityOf, EXPIRED, foreignCertificate, testAuthority } from '../../helpers/certificates.ts';
import { start } from '../../helpers/processes.ts';
import { tlsListener } from '../../helpers/tls-listener.ts';
import type { Attack, Outcome, Server } from './attack.ts';
import { clientHello, completedHandshakes, type StalledOptions, stalledHandshakes } from './handshakes.ts';
import { MOST_BYTES } from './round.ts';
import { type SecureTarget, startSecureTarget } from './secure-target.ts';
import { serverOf } from './target.ts';
import { forgetPeaks, watchPeak, watchStalls } from './watch.ts';

/** More connections than a port may have, from enough addresses to have them. */
const FLOOD = { connections: 13_000, addresses: 4 };
/** A port may have 2048 connections without a handshake. The rest are files, and connections of others. */
const MOST_DESCRIPTORS = 2300;
/** A connection may be silent for 15 seconds, and then take 15 seconds for its handshake. */
const MOST_HELD_MS = 35_000;
/** The longest time that others may wait while two cores carry out all handshakes. */
const MOST_STALL_MS = 10_000;
const EVERY_MS = 500;

/** An attack on the TLS ports of an origin and of a parent, at the same time. */
function attack(
  name: string,
  run: (server: Server) => Promise<{ told: string; fault?: string | undefined }>,
): Attack {
  return {
    name: `TLS: ${name}`,
    point: '10',
    run: () =>
      onSecureTarget(async (target) => {
        const servers = [target.originUrl, target.feedUrl].map(serverOf);
        const { all, told, faults } = await measured(target, () => Promise.all(servers.map(run)));
        const gained = [...all.map(({ fault }) => fault), ...faults, await target.publishFault()];
        return {
          refused: `origin: ${all[0]?.told}; parent: ${all[1]?.told}; ${told}`,
          gained: gained.find((fault) => fault !== undefined),
        };
      }),
  };
}

/** Each attack has its own target, because the others attack one that speaks plain HTTP. */
async function onSecureTarget(work: (target: SecureTarget) => Promise<Outcome>): Promise<Outcome> {
  const target = await startSecureTarget();
  try {
    const fault = await target.publishFault();
    if (fault !== undefined) throw new Error(fault);
    return await work(target);
  } finally {
    await target.close();
  }
}

/** Watches memory, descriptors and other clients of the target during an attack. */
async function measured<T>({ pids, originUrl, feedUrl, edgeUrl }: SecureTarget, run: () => Promise<T>) {
  await forgetPeaks(pids);
  const peak = watchPeak(pids);
  const stop = await watchStalls({
    origin: { url: `${originUrl}/healthz` },
    parent: { url: `${feedUrl}/feed/v1/hello` },
    reader: { url: `${edgeUrl}/`, host: 'www.localhost' },
  });
  let descriptors = 0;
  const timer = setInterval(async () => {
    for (const pid of pids) {
      const open = await readdir(`/proc/${pid}/fd`).catch(() => []);
      descriptors = Math.max(descriptors, open.length);
    }
  }, EVERY_MS);
  const all = await run();
  clearInterval(timer);
  const { longest } = await stop();
  const bytes = await peak();
  const slowest = Math.max(...Object.values(longest));
  const stalls = Object.entries(longest).map(([who, ms]) => `${who} ${Math.round(ms)} ms`);
  return {
    all,
    told: `${Math.round(bytes / 1e6)} MB and ${descriptors} descriptors in a process, others: ${stalls.join(', ')}`,
    faults: [
      pids.every((pid) => existsSync(`/proc/${pid}/exe`)) ? undefined : 'a process',
      bytes > MOST_BYTES ? 'too much memory' : undefined,
      descriptors > MOST_DESCRIPTORS ? `${descriptors} descriptors` : undefined,
      slowest > MOST_STALL_MS ? `${Math.round(slowest)} ms of others` : undefined,
    ],
  };
}

function stalled(name: string, bytes: () => Promise<Pick<StalledOptions, 'first' | 'rest'>>): Attack {
  return attack(name, async (server) => {
    const held = await stalledHandshakes(server, {
      ...{ ...FLOOD, seconds: 40 },
      ...(await bytes()),
    });
    const { connections, ended, longestMs } = held;
    const isHeld = ended < connections || longestMs > MOST_HELD_MS;
    return {
      told: `${ended} of ${connections} ended, the last after ${(longestMs / 1000).toFixed(1)} s`,
      fault: isHeld
        ? `connections for ${Math.round(longestMs)} ms, ${connections - ended} without end`
        : undefined,
    };
  });
}

const NOTHING = Buffer.alloc(0);
const half = (bytes: Buffer) => bytes.subarray(0, bytes.length / 2);

/** A middleman that shows a certificate, and the join of an edge through it. */
const middleman: Attack = {
  name: 'TLS: middlemen between an edge that joins and its origin',
  point: '10',
  run: () =>
    onSecureTarget(async (target) => {
      const authority = await authorityOf(target.data);
      const refused: string[] = [];
      const faults: string[] = [];
      for (const [name, shown, code] of [
        ['foreign', await foreignCertificate(join(target.folder, 'foreign-certificate')), /another CA/],
        ['expired', await authority.issue(EXPIRED), /expired on/],
        ['other-log', await (await testAuthority('b'.repeat(32))).issue(), /another log/],
      ] as const) {
        const between = await tlsListener(shown);
        const token = await target.joinToken(name);
        const join = async (url: string) => {
          try {
            const edge = await start(await target.joining(name, token, url), /serves on \S+/);
            await edge.stop();
            return 'joined';
          } catch (error) {
            return String(error);
          }
        };
        const said = await join(between.url);
        if (!code.test(said)) faults.push(`${name}: ${said}`);
        if (between.connections() === 0) faults.push(`${name}: no connection to look at`);
        if (between.heard() !== '') faults.push(`${name}: ${between.heard().length} bytes inside TLS`);
        between.close();
        const after = await join(target.originUrl);
        if (after === 'joined') refused.push(name);
        else faults.push(`${name}: the token, which no longer works (${after})`);
      }
      return {
        refused: `${refused.join(', ')}: 0 bytes inside TLS, and the token works at the origin`,
        gained: faults[0],
      };
    }),
};

/** Attacks before anybody has proved anything: handshakes of TLS, and middlemen. */
export const onTls: readonly Attack[] = [
  stalled('connections that send nothing', async () => ({ first: NOTHING })),
  stalled('half a ClientHello', async () => ({ first: half(await clientHello()) })),
  stalled('a ClientHello, a byte each second', async () => {
    const hello = await clientHello();
    return { first: hello.subarray(0, 1), rest: hello.subarray(1) };
  }),
  stalled('handshakes that end after the ClientHello', async () => ({ first: await clientHello() })),
  attack('handshakes for ever new names', async (server) => {
    const { completed, failed } = await completedHandshakes(server, { atOnce: 64, seconds: 10 });
    return { told: `${completed} completed, ${failed} failed` };
  }),
  middleman,
];
