import type { Logger } from 'pino';
import type { Test } from 'tap';
import { Faults } from '../../../../edge/follow/faults.ts';
import type { Self } from '../../../../edge/follow/upstream/transfer.ts';
import { Upstreams, upstreamAddresses } from '../../../../edge/follow/upstream/upstreams.ts';
import { type ListArrival, Reporter } from '../../../../edge/report/reporter.ts';
import type { EdgeCatalog } from '../../../../edge/store/catalog.ts';
import { digestOf } from '../../../../shared/content/digest.ts';
import { type LeaseGrant, signGrant } from '../../../../shared/log/grant.ts';
import { signReceipt } from '../../../../shared/log/receipt.ts';
import type { Statement } from '../../../../shared/log/statements.ts';
import {
  type EdgeReport,
  type ReportAnswer,
  type SignedReport,
  verifiedReport,
} from '../../../../shared/wire/protocol.ts';
import { edgeKey, LOG, originKey, ROOT } from '../../shared/fixed-keys.ts';
import { jumpingClock } from '../jumping-clock.ts';

export type Answers = (reports: readonly SignedReport[]) => ReportAnswer;

/** What the origin answers: a grant for each report. */
export const granting =
  (changes: Partial<LeaseGrant> = {}, key = originKey, log = LOG, to?: string): Answers =>
  (reports) => ({
    grants: reports.map(({ edge, text }) => {
      const grant = {
        newest: 0,
        time: 5,
        lease: 9000,
        serves: 7000,
        heartbeat: 2000,
        diverged: false,
        assignments: null,
        takes: ['receipt'],
        ...changes,
      };
      return signGrant({ log, epoch: 1 }, { edge: to ?? edge, report: digestOf(text) }, grant, key);
    }),
  });
export const ANSWER = granting();
export const STATE: Omit<EdgeReport, 'statements' | 'time'> = {
  position: 7,
  hash: '7'.repeat(64),
  head: null,
  version: '1',
  parent: null,
  limits: { sites: null, prefixes: null, delay: 0, rate: null, schedule: null, storage: 'full' },
  sites: [],
  faults: [],
};
export const foreign = (count: number, edge = 'child'): SignedReport[] =>
  Array.from({ length: count }, (_, i) => ({ edge, text: `{"${edge}":${i}}`, sig: 'x' }));
export const receiptOf = (revision: number): Statement => ({
  kind: 'receipt',
  body: signReceipt(
    {
      log: LOG,
      epoch: 1,
      edge: 'oslo',
      site: 1,
      revision,
      root: ROOT,
      seq: revision,
      since: 1,
      covers: 'all',
    },
    edgeKey,
  ),
});

/** A reporter whose reports are answered one after another, with what `answers` say; the last one goes on. */
export function world(
  t: Test,
  answers: (Answers | Error)[] = [ANSWER],
  receipts: Statement[] = [],
  urls = ['http://a.test'],
) {
  const clock = jumpingClock();
  const state = { now: 1000 };
  const upstreams = new Upstreams(upstreamAddresses(urls, 'http://origin.test'), clock);
  t.teardown(() => upstreams.close());
  const sent: (readonly SignedReport[])[] = [];
  const leases: number[][] = [];
  const times: number[][] = [];
  const busy = { now: false };
  const unanswered = { count: 0 };
  const lists: unknown[] = [];
  const arrivals: ListArrival[] = [];
  const unsent = [...receipts];
  let waiting: { count: number; resolve: () => void } | undefined;
  const asked: string[] = [];
  const faults = new Faults(clock);
  const answer = (url: string) => async (_caller: Self, reports: readonly SignedReport[]) => {
    sent.push(reports);
    asked.push(url);
    if (waiting !== undefined && sent.length >= waiting.count) waiting.resolve();
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer instanceof Error) throw answer;
    return (answer ?? ANSWER)(reports);
  };
  for (const upstream of upstreams.all) upstream.report = answer(upstream.url);
  const reporter = new Reporter({
    upstreams,
    self: { name: 'oslo', key: edgeKey, log: LOG },
    catalog: {
      unsentStatements: async (limit: number, _maxBytes: number, kinds?: readonly string[]) =>
        unsent.filter(({ kind }) => kinds?.includes(kind) ?? true).slice(0, limit),
      acknowledged: async (some: readonly Statement[]) => {
        for (const one of some) unsent.splice(unsent.indexOf(one), 1);
      },
    } as unknown as EdgeCatalog,
    clock,
    now: () => state.now,
    log: { debug() {} } as unknown as Logger,
    faults,
    origin: () => ({ log: LOG, epoch: 1, key: originKey.publicKey }),
    state: async () => STATE,
    isBusy: () => busy.now,
    assigned: (digest, list) => {
      lists.push([digest, list]);
      return arrivals.length > 1 ? (arrivals.shift() ?? 'here') : (arrivals[0] ?? 'here');
    },
    unanswered: () => void unanswered.count++,
    answered: ({ time }, sent) => times.push([time, sent]),
    leased: (from, ms) => leases.push([from, ms]),
  });
  const stop = new AbortController();
  const begin = () => {
    const running = reporter.run(stop.signal);
    return async () => {
      stop.abort();
      await running;
    };
  };
  const reports = (count: number) =>
    new Promise<void>((resolve) => {
      waiting = { count, resolve };
      if (sent.length >= count) resolve();
    });
  const own = () => sent.map(([first]) => verifiedReport(LOG, first as SignedReport, edgeKey.publicKey));
  const codes = () => faults.list().map(({ code, upstream }) => `${code} ${upstream}`);
  return {
    reporter,
    sent,
    asked,
    own,
    leases,
    times,
    lists,
    arrivals,
    busy,
    unanswered,
    unsent,
    state,
    begin,
    reports,
    clock,
    codes,
  };
}
