import { join } from 'node:path';
import { openEntryHistory } from '../../shared/content/manifest/sqlite/history.ts';
import { openManifestReader } from '../../shared/content/manifest/sqlite/reading.ts';
import { systemCode } from '../../shared/errors.ts';
import { collectOnceQuiet } from '../../shared/process/idle-memory.ts';
import { createLogger } from '../../shared/process/logger.ts';
import { goBeforeReplication } from '../../shared/process/priority.ts';
import { openForReading } from '../../shared/sqlite/open.ts';
import { openObjectReader } from '../../shared/store/object-reader.ts';
import { ObjectUse } from '../disk-budget/object-use.ts';
import type { FromServing } from '../messages/from-serving.ts';
import type { StartMessage, ToServing } from '../messages/to-serving.ts';
import type { ReadersUse } from '../messages/use.ts';
import type { SiteView } from '../messages/views.ts';
import { SwitchDecisions } from '../store/switch-decisions.ts';
import { openVariantReader } from '../variants/variant-reader.ts';
import { Content } from './bytes/content.ts';
import { FilePieces } from './bytes/file-pieces.ts';
import { MissingObjects } from './bytes/missing-objects.ts';
import { ReadThroughBodies } from './bytes/read-through-bodies.ts';
import { ReadyVariants } from './bytes/ready-variants.ts';
import { Arrivals } from './connection/arrivals.ts';
import { ClientLimits } from './connection/client-limits.ts';
import { Connections, limitsFor, ownDescriptors } from './connection/connections.ts';
import { Drain } from './connection/drain.ts';
import { Exchanges } from './connection/exchanges.ts';
import { LargeWrites } from './connection/large-writes.ts';
import { Turns } from './connection/turns.ts';
import { httpFront, httpsFront } from './front.ts';
import { AccessLog } from './metering/access-log.ts';
import { Counters } from './metering/counters.ts';
import { RecentRequests } from './metering/recent-requests.ts';
import { Rehearsals } from './metering/rehearsal.ts';
import { AliasSite, countedAs } from './site/alias-site.ts';
import { LogClock } from './site/log-clock.ts';
import { PublishedSite } from './site/published-site.ts';
import { RulesInForce } from './site/rules-in-force.ts';
import { ServingLease } from './site/serving-lease.ts';
import type { SiteHandler } from './site/site-handler.ts';
import { baseOf, pageTexts, TrialSite } from './site/trial-site.ts';
import { Views } from './site/views.ts';
import { Tls } from './tls/tls.ts';

/**
 * The entry point of a serving process. The switchboard starts it and sends it the views to serve. It ends when the
 * process of the switchboard ends.
 */

const DRAIN_MS = 10_000;
const TELL_WANTED_MS = 250;
const NO_USE: ReadersUse = { used: [], serving: [] };

const tell = (message: FromServing) => {
  if (process.connected) process.send?.(message);
};

// Ctrl-C reaches the whole process group, but the replicating process decides when serving ends.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

process.once('message', (message: ToServing) => {
  if (message.t !== 'start') throw new Error(`a serving process begins with start, not ${message.t}`);
  serve(message).catch((error: unknown) => {
    tell({ t: 'failed', code: systemCode(error) ?? 'internal', message: String(error) });
    process.exitCode = 1;
    process.disconnect?.();
  });
});

goBeforeReplication();

async function serve({
  folder,
  host,
  port,
  clients,
  proxies,
  isLazy,
  counted,
  ...options
}: StartMessage): Promise<void> {
  const log = createLogger();
  const catalog = openForReading(join(folder, 'catalog.sqlite'));
  const objects = openObjectReader(join(folder, 'objects'));
  const time = new LogClock();
  const lease = new ServingLease();
  const counters = new Counters(counted);
  const recent = new RecentRequests();
  const rehearsals = new Rehearsals(recent, counters, log);
  const variants = new ReadyVariants(openVariantReader(folder), log);
  const manifests = { ...openManifestReader(catalog), ...openEntryHistory(catalog) };
  const pieces = new FilePieces();
  const content = new Content(manifests, objects, variants, pieces);
  const missing = new MissingObjects(join(folder, 'objects'), pieces, tell);
  const use = isLazy ? new ObjectUse(() => time.now()) : undefined;
  const bodies = new ReadThroughBodies(content, missing, use);
  const published = { content, bodies, rules: new RulesInForce(content), time, lease, log };
  const texts = pageTexts();
  const decisions = new SwitchDecisions(folder);
  const handlerOf = (view: SiteView): SiteHandler => {
    const site = new PublishedSite(view, published);
    if (view.alias !== null) return new AliasSite(site, view.alias.expires, time);
    if (view.trial === null) return site;
    const base = new PublishedSite(baseOf(view, view.trial), published);
    const tried = new TrialSite(site, base, texts, (error, client) =>
      counters.countTrial(view.name, error, client),
    );
    // The counters learn of the revision in this turn of the event loop.
    setImmediate(() => rehearsals.begin(tried, view.revision));
    return tried;
  };
  const views = new Views({
    handlerOf,
    decide: (id) => decisions.decide(id, 'stay'),
    shown: (shown) => {
      counters.show(shown.map(countedAs));
      forgetAnswers();
    },
  });
  const tls = options.tls && (await Tls.open(options.tls, log));
  const accessLog = options.accessLog && new AccessLog(options.accessLog);
  const limits = new ClientLimits(clients);
  const own = limitsFor(ownDescriptors());
  const arrivals = new Arrivals(new Connections(own.connections, limits), proxies);
  const exchanges = new Exchanges(own.exchanges, () => performance.now());
  exchanges.watch();
  const drained = new Drain();
  const parts = {
    views,
    time,
    arrivals,
    exchanges,
    drain: drained,
    largeWrites: new LargeWrites(),
    turns: new Turns(() => performance.now()),
    limits,
    counters,
    recent,
    accessLog,
    log,
    tls,
  };
  const fronts = [await httpFront(parts, port)];
  if (tls !== undefined) fronts.push(await httpsFront(parts, tls));
  const forgetAnswers = () => {
    noteUse();
    for (const front of fronts) front.forgetAnswers();
  };
  tls?.onChange(forgetAnswers);

  setInterval(() => {
    const entries = variants.takeWanted();
    if (entries.length > 0) tell({ t: 'wanted', entries });
  }, TELL_WANTED_MS).unref();

  process.on('message', (message: ToServing) => {
    switch (message.t) {
      case 'show':
        views.show(message.views);
        return tell({ t: 'shown', turn: message.turn });
      case 'hold':
        views.hold(message.coming);
        return tell({ t: 'held', turn: message.turn });
      case 'switch':
        views.switch(message.id);
        return tell({ t: 'shown', turn: message.turn });
      case 'lease':
        return lease.renew(message.until);
      case 'time':
        return time.set(message.ahead);
      case 'drained':
        return drained.set(message.isDrained);
      case 'forget':
        content.forget(message.digests);
        return forgetAnswers();
      case 'variants':
        if (variants.forget(message.sources)) forgetAnswers();
        return;
      case 'stored':
      case 'coming':
      case 'arrived':
      case 'broke':
      case 'refused':
        return missing.received(message);
      case 'use':
        noteUse();
        return tell({ t: 'used', turn: message.turn, ...(use?.take() ?? NO_USE) });
      case 'counters':
        return tell({ t: 'counters', turn: message.turn, counters: counters.snapshot() });
      case 'drain':
        return drain();
      case 'start':
        throw new Error('a serving process got a second start message');
    }
  });
  process.once('disconnect', endAsOrphan);
  // The replicating process may have ended before this listener was registered.
  if (!process.connected) return endAsOrphan();

  for (const front of fronts) await front.listen(host);
  tell({ t: 'listening', port });
  collectOnceQuiet();

  function noteUse(): void {
    if (use === undefined) return;
    for (const front of fronts) front.noteUse(use);
  }

  /**
   * The next replicating process may show newer revisions, so this process answers no further requests on any
   * connection.
   */
  function endAsOrphan(): void {
    for (const front of fronts) front.refuse();
    missing.close();
    drain();
  }

  async function drain(): Promise<void> {
    setTimeout(end, DRAIN_MS).unref();
    await Promise.all(fronts.map((front) => front.drain()));
    end();
  }

  function end(): void {
    accessLog?.close();
    process.exit(0);
  }
}
