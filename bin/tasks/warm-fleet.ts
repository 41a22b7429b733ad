import type { ApiClient } from '../../origin/client/api-client.ts';
import type { ShareStatus } from '../../shared/wire/task-api.ts';
import { sumOf } from '../../shared/work/amounts.ts';
import type { WarmResult } from '../../shared/work/warm.ts';
import { printJson, printLine, printTable } from '../terminal/output.ts';
import { runTask } from './run-task.ts';
import { doneResult, shareJson } from './share-result.ts';
import { shareText } from './share-text.ts';
import { confirmEnd } from './task-end.ts';
import { nameOf } from './task-progress.ts';
import { amountText, warmResult } from './warm-result.ts';

export interface WarmRequest {
  readonly site: string;
  readonly paths: readonly string[];
  readonly edges: readonly string[];
  readonly deadline: number;
  readonly json: boolean;
}

/** Warms these edges, or all edges of the site if none is named. The exit code is 1 if an object was not fetched. */
export async function warmFleet(
  client: Pick<ApiClient, 'tasks' | 'edges' | 'site'>,
  { site, paths, edges, deadline, json }: WarmRequest,
  signal: AbortSignal,
): Promise<void> {
  // Edges wait for a site that they do not know, because it may still reach them.
  await client.site(site);
  const target = edges.length === 0 ? ({ all: true } as const) : { edges: [...edges] };
  const request = { kind: 'warm', args: { site, paths }, target, deadline };
  const task = await runTask(client, request, signal);
  const warmed = task.shares.map((share) => ({ share, result: warmResult(doneResult(share)) }));
  const results = warmed.flatMap(({ result }) => result ?? []);
  const total = (of: 'held' | 'fetched' | 'left' | 'failed') => sumOf(results.map((result) => result[of]));
  const sums = {
    held: total('held'),
    fetched: total('fetched'),
    left: total('left'),
    failed: total('failed'),
  };
  if (json) printJson({ task: task.id, state: task.state, site, ...sums, edges: task.shares.map(shareJson) });
  else {
    printWarmed(task.kind, warmed);
    printLine(`${site}: fetched ${amountText(sums.fetched)}; held before: ${amountText(sums.held)}`);
  }
  if (sums.failed.objects > 0) process.exitCode = 1;
  else confirmEnd(task);
}

interface Warmed {
  readonly share: ShareStatus;
  /** Undefined for an edge that has not finished warming. */
  readonly result: WarmResult | undefined;
}

function printWarmed(kind: string, warmed: readonly Warmed[]): void {
  printTable(
    ['edge', 'revision', 'fetched', 'held before', 'no room', 'not fetched'],
    warmed.map(({ share, result }) => [nameOf(share), ...cells(kind, share, result)]),
  );
  for (const { share, result } of warmed)
    if (result !== undefined && result.failed.objects > 0)
      printLine(
        `${nameOf(share)}: could not fetch ${amountText(result.failed)} from any upstream (${result.failed.why})`,
      );
}

function cells(kind: string, share: ShareStatus, result: WarmResult | undefined): (string | number)[] {
  if (result === undefined) return ['', `${share.state}: ${shareText(kind, share)}`];
  const { revision, fetched, held, left, failed } = result;
  return [revision, ...[fetched, held, left, failed].map(amountText)];
}
