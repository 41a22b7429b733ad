import type { StoreStatus } from '../../shared/wire/store-api.ts';
import type { Cluster, Node } from '../helpers/cluster.ts';
import { ask } from '../helpers/http.ts';
import { random } from '../helpers/random.ts';
import { digestsOf, packageFolder } from '../helpers/tree.ts';
import { until } from '../helpers/until.ts';
import { damagedOn, flipBytes, objectsOn } from './damage-disk.ts';
import { type Read, readAlways } from './damage-readers.ts';

const LONGEST_MS = 240_000;

export interface DamageOptions {
  /** Packages of npm or folders of these, each a site. */
  readonly packages: readonly string[];
  /** Bytes flipped on the disks of the edges, and in the store of the origin. */
  readonly edgeFlips: number;
  readonly originFlips: number;
  /** How long a reader pauses after each answer. */
  readonly betweenReadsMs: number;
  readonly seed: number;
}

export interface DamageOutcome {
  readonly reads: number;
  /** Wrong answers before the damage was found. */
  readonly wrongBefore: number;
  /** Objects that were damaged at the edges, and at the origin. */
  readonly damaged: { readonly edges: number; readonly origin: number };
  readonly repairedAfterMs: number;
  /** Everything that must not happen and did, in words. Empty when all is well. */
  readonly faults: string[];
}

interface Told {
  readonly id: number;
  readonly kind: string;
  readonly edge?: string;
  readonly task?: number;
  readonly cause: unknown;
  readonly what: Readonly<Record<string, unknown>>;
}

/**
 * Flips bytes in objects on the disks of the cluster's edges and in the store of its origin, so that a sound copy of each object
 * is left somewhere. Then the fleet and the store are verified while readers compare every answer with the true bytes.
 * After that nobody asks for anything: the origin and its edges have to repair each other.
 */
export async function damageFleet(
  cluster: Cluster,
  { packages, edgeFlips, originFlips, betweenReadsMs, seed }: DamageOptions,
  tell: (line: string) => void,
): Promise<DamageOutcome> {
  const dice = random(seed);
  const stop = new AbortController();
  const faults: string[] = [];
  const expect = (holds: boolean, what: string) => {
    if (!holds) faults.push(what);
  };
  try {
    const truth = await publish(cluster, packages);
    const nodes = [cluster.origin, ...cluster.edges];
    const whole = objectsOn(cluster.origin.data);
    for (const edge of cluster.edges)
      await until(`${edge.name} to hold all objects`, () => damagedOn(edge.data, whole).length === 0);

    const flipped = flipAll(dice, cluster, { edgeFlips, originFlips });
    const count = (node: Node) => damagedOn(node.data, whole).length;
    const damaged = {
      edges: cluster.edges.reduce((sum, edge) => sum + count(edge), 0),
      origin: count(cluster.origin),
    };
    tell(`${flipped} bytes flipped: ${damaged.edges} objects at edges, ${damaged.origin} at the origin`);

    const reads: Read[] = [];
    const reading = readAlways(cluster, { paths: truth, betweenReadsMs }, reads, stop.signal);
    await until('readers to have read', () => reads.length >= 2 * truth.length);
    const began = performance.now();
    const [store, fleet] = await Promise.all([
      cluster.skerry('store', 'verify', '--json').then((end) => ({ ...end, at: performance.now() })),
      cluster.skerry('verify', '--json').then((end) => ({ ...end, at: performance.now() })),
    ]);
    const found = JSON.parse(store.stdout) as StoreStatus;
    tell(`found after ${(performance.now() - began).toFixed(0)} ms`);
    expect(store.code === 1 && found.pass?.damaged === damaged.origin, `the origin found: ${store.stdout}`);
    expect(fleet.code === 1, `the fleet found: ${fleet.stdout} ${fleet.stderr}`);

    const isWhole = () => nodes.every((node) => count(node) === 0);
    await until('everything to be repaired', isWhole, LONGEST_MS).catch((error: unknown) => {
      for (const node of nodes) faults.push(`${node.name} lacks ${count(node)} objects: ${error}`);
    });
    const repairedAfterMs = performance.now() - began;
    await until('the origin to know of it', async () => (await storeStatus(cluster)).damaged === 0);
    const again = await cluster.skerry('store', 'verify', '--json');
    expect(again.code === 0, `after the repair the origin found: ${again.stdout}`);
    stop.abort();
    await reading;

    // Each process has found its damage when its command has ended.
    const late = reads.filter(
      ({ node, began, isWrong }) => isWrong && began > (node === 'origin' ? store : fleet).at,
    );
    for (const { node, path } of late) faults.push(`${node} served ${path} wrongly after it was found`);
    await until('all events to be stored', async () => isTold(await events(cluster), damaged.origin));
    faults.push(...judgeStory(await events(cluster), damaged.origin));
    const wrongBefore = reads.filter(({ isWrong }) => isWrong).length - late.length;
    return { reads: reads.length, wrongBefore, damaged, repairedAfterMs, faults };
  } finally {
    stop.abort();
  }
}

/** Publishes the packages. Resolves with the true digest of each path. */
async function publish(cluster: Cluster, packages: readonly string[]) {
  const truth: { site: string; path: string; digest: string }[] = [];
  for (const name of packages) {
    const site = name.replaceAll('/', '-');
    const folder = packageFolder(name);
    const { code, stderr } = await cluster.skerry('publish', folder, '--site', site, '--wait');
    if (code !== 0) throw new Error(stderr);
    for (const [path, digest] of await digestsOf(folder)) truth.push({ site, path, digest });
  }
  return truth;
}

/** Leaves a sound copy of each object, at the origin or at an edge. */
function flipAll(
  dice: ReturnType<typeof random>,
  { origin, edges }: Cluster,
  { edgeFlips, originFlips }: Pick<DamageOptions, 'edgeFlips' | 'originFlips'>,
): number {
  const objects = objectsOn(origin.data);
  const hurt = new Map<string, Set<string>>();
  const placesOf = (digest: string) => hurt.get(digest) ?? new Set<string>();
  const flip = (node: Node) => {
    const digest = dice.pick(
      objects.filter((one) => new Set(placesOf(one)).add(node.name).size <= edges.length),
    );
    hurt.set(digest, placesOf(digest).add(node.name));
    return flipBytes(node.data, digest, dice);
  };
  let flipped = 0;
  for (let i = 0; i < edgeFlips; i++) flipped += flip(dice.pick(edges));
  for (let i = 0; i < originFlips; i++) flipped += flip(origin);
  return flipped;
}

async function storeStatus(cluster: Cluster): Promise<StoreStatus> {
  return call<StoreStatus>(cluster, '/v1/store');
}

async function events(cluster: Cluster): Promise<Told[]> {
  const all: Told[] = [];
  for (let after = 0; ; ) {
    const page = await call<{ events: Told[]; next: number; more: boolean }>(
      cluster,
      `/v1/events?after=${after}`,
    );
    all.push(...page.events);
    if (!page.more) return all;
    after = page.next;
  }
}

const objectsIn = ({ what }: Told) => Number(what.objects ?? 0);
const sum = (told: readonly Told[]) => told.reduce((total, one) => total + objectsIn(one), 0);
const endOf = (told: readonly Told[], { task }: Told) =>
  told.find((one) => one.kind.startsWith('task-') && one.task === task);
const isRepair = ({ kind, what }: Told) => kind === 'origin-acts' && what.kind === 'repair';
/** A disk is sound some time before its edge reports that the repair has ended. */
const isTold = (told: readonly Told[], damaged: number): boolean =>
  sum(told.filter(({ kind }) => kind === 'store-repaired')) >= damaged &&
  told.filter(isRepair).every((repair) => endOf(told, repair) !== undefined);

/** The events must tell: found, asked, repaired, for the store; and found, asked, repaired, for each unsound edge. */
function judgeStory(told: readonly Told[], damaged: number): string[] {
  const faults: string[] = [];
  const of = (kind: string) => told.filter((one) => one.kind === kind);
  const found = of('store-damaged');
  const repaired = of('store-repaired');
  if (sum(found) !== damaged) faults.push(`events tell of ${sum(found)} damaged objects, not ${damaged}`);
  if (sum(repaired) !== damaged)
    faults.push(`events tell of ${sum(repaired)} repaired objects, not ${damaged}`);
  for (const end of repaired) {
    const asked = of('origin-acts').find(({ task }) => task !== undefined && task === end.task);
    if (asked === undefined) faults.push(`event ${end.id} tells of a repair that nobody asked for`);
    else if (!((found[0]?.id ?? Infinity) < asked.id && asked.id < end.id))
      faults.push(`the store's repair is told out of order: ${found[0]?.id}, ${asked.id}, ${end.id}`);
  }
  const verified = of('task-done').find(({ what }) => what.kind === 'verify');
  for (const repair of told.filter(isRepair)) {
    const end = endOf(told, repair);
    if (end?.kind !== 'task-done') faults.push(`the repair ${repair.task} ended as ${end?.kind}`);
    else if (end.id < repair.id) faults.push(`the repair ${repair.task} ended before it began`);
  }
  if (verified === undefined) faults.push('no event tells that the fleet was verified');
  return faults;
}

async function call<T>({ origin, token }: Cluster, path: string): Promise<T> {
  const answer = await ask(origin.url, path, { headers: { authorization: `Bearer ${token}` } });
  if (answer.status >= 400) throw new Error(`${path} answered ${answer.status}: ${answer.body}`);
  return JSON.parse(answer.body.toString()) as T;
}
