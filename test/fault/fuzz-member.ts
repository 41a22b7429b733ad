import { connect, createServer, type Socket } from 'node:net';
import { join } from '../../edge/follow/upstream/join.ts';
import type { Self, Transfer } from '../../edge/follow/upstream/transfer.ts';
import { Upstream } from '../../edge/follow/upstream/upstream.ts';
import { systemClock } from '../../shared/clock.ts';
import { type Digest, digestOf } from '../../shared/content/digest.ts';
import { SkerryError } from '../../shared/errors.ts';
import { GENESIS } from '../../shared/log/record.ts';
import { generateSigningKey } from '../../shared/signing/keys.ts';
import { type SignedReport, signReport } from '../../shared/wire/protocol.ts';
import type { Cluster } from '../helpers/cluster.ts';
import { type Random, random } from '../helpers/random.ts';
import { changedBytes, changedValue } from './fuzz-texts.ts';

const ASKED_MS = 1500;

/** A member that sends requests with the product's own client. Their bytes may be changed on the way. */
export interface Member {
  /** Sends one odd request with a valid proof. Resolves with one word for the answer of the feed. */
  ask(seed: number): Promise<string>;
  close(): Promise<void>;
}

export async function startMember(cluster: Cluster, feed: string): Promise<Member> {
  const { token } = await cluster.client.createToken({ scope: 'join', edge: 'fuzzer' });
  const key = generateSigningKey();
  const direct = new Upstream({ url: cluster.origin.url, isOrigin: true }, systemClock);
  const place = { origin: cluster.origin.url, token, name: 'fuzzer', region: 'r', lat: null, lon: null };
  const {
    chain: { log },
  } = await join(direct, place, key, new AbortController().signal);
  const self: Self = { name: 'fuzzer', key, log };
  let chance: Random = random(1);
  const relays = await Promise.all(
    [cluster.origin.url, feed].map((url) =>
      changingRelay(url, (bytes) => (chance.below(3) === 0 ? changedBytes(chance, bytes) : bytes)),
    ),
  );
  // The order is: the origin, the parent, then each of them through a relay.
  const urls = [cluster.origin.url, feed, ...relays.map(({ url }) => url)];
  const addresses = urls.map((url, i) => ({ url, isOrigin: i % 2 === 0 }));
  return {
    async ask(seed) {
      chance = random(seed);
      // Each request has its own `Upstream`, so that the remains of one request delay no other.
      const upstream = new Upstream(chance.pick(addresses), systemClock);
      const signal = AbortSignal.timeout(ASKED_MS);
      try {
        await request(chance, upstream, self, { signal, bandwidths: [] });
        return 'answered';
      } catch (error) {
        return error instanceof SkerryError ? error.code : 'broken off';
      } finally {
        await upstream.close();
      }
    },
    async close() {
      await direct.close();
      await Promise.all(relays.map((relay) => relay.close()));
    },
  };
}

async function request(chance: Random, upstream: Upstream, self: Self, transfer: Transfer): Promise<void> {
  const odd = <T>(value: T): T => (chance.below(3) === 0 ? value : (changedValue(chance, value) as T));
  const digests = Array.from({ length: chance.below(20) }, (_, i) => digestOf(`${i}`));
  const range = { site: 1, from: 0, to: 1 };
  switch (chance.below(8)) {
    case 0:
      return void (await upstream.report(self, odd(reports(chance, self)), transfer.signal));
    case 1:
      return drained(upstream.bundle(self, digests, undefined, transfer));
    case 2:
      return drained(upstream.bundle(self, digests, { digests, bytes: Buffer.from('x') }, transfer));
    case 3:
      return void (await upstream.leaves(self, chance.below(3), chance.below(3), odd([0, 255]), transfer));
    case 4:
      return drained(upstream.entries(self, chance.below(3), chance.below(3), odd([0, 65_535]), transfer));
    case 5:
      return drained(upstream.diff(self, odd(range), transfer));
    case 6:
      return drained(upstream.records(self, odd(1), transfer.signal));
    default:
      return drained(await upstream.object(self, odd<Digest>(digestOf('a')), undefined, transfer));
  }
}

async function drained(items: AsyncIterable<unknown>): Promise<void> {
  let left = 1000;
  for await (const _item of items) if (--left === 0) return;
}

function reports(chance: Random, { log, name, key }: Self): SignedReport[] {
  const report = {
    ...{
      time: Date.now(),
      position: 0,
      hash: GENESIS,
      head: null,
      version: 'fuzzer',
      parent: null,
      sites: [],
      faults: [],
      statements: [],
    },
    limits: { sites: null, prefixes: null, delay: 0, rate: null, schedule: null, storage: 'full' as const },
  };
  const own = signReport(
    log,
    name,
    chance.below(2) === 0 ? report : (changedValue(chance, report) as typeof report),
    key,
  );
  return [own, ...Array.from({ length: chance.below(4) }, () => ({ ...own, edge: 'edge-1' }))];
}

/** Passes connections on to a server. Bytes to the server go through `change`. */
async function changingRelay(to: string, change: (bytes: Buffer) => Buffer) {
  const { hostname, port } = new URL(to);
  const sockets = new Set<Socket>();
  const server = createServer((incoming) => {
    const outgoing = connect({ host: hostname, port: Number(port) });
    for (const socket of [incoming, outgoing]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        incoming.destroy();
        outgoing.destroy();
      });
    }
    incoming.on('data', (bytes: Buffer) => outgoing.write(change(bytes)));
    outgoing.pipe(incoming);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the relay has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
