import type { ApiClient } from '../../origin/client/api-client.ts';
import type { ShareStatus } from '../../shared/wire/task-api.ts';
import type { VerifyResult } from '../../shared/work/verify.ts';
import { humanBytes, plural, printJson, printLine, printTable } from '../terminal/output.ts';
import { runTask } from './run-task.ts';
import { doneResult, shareJson } from './share-result.ts';
import { shareText } from './share-text.ts';
import { confirmEnd } from './task-end.ts';
import { nameOf } from './task-progress.ts';
import { damageLines, type Found, foundIn, soundness, verifyResult } from './verify-result.ts';

export interface VerifyRequest {
  readonly edges: readonly string[];
  readonly repair: boolean;
  readonly deadline: number;
  readonly json: boolean;
}

/** Verifies these edges, or all edges if none is named. The exit code is 1 if an edge is not sound. */
export async function verifyFleet(
  client: Pick<ApiClient, 'tasks' | 'edges'>,
  { edges, repair, deadline, json }: VerifyRequest,
  signal: AbortSignal,
): Promise<void> {
  const target = edges.length === 0 ? ({ all: true } as const) : { edges: [...edges] };
  const task = await runTask(client, { kind: 'verify', args: { repair }, target, deadline }, signal);
  const verified = task.shares.map((share) => ({ share, result: verifyResult(doneResult(share)) }));
  const fleet = mergedFound(verified);
  if (json) printJson({ task: task.id, state: task.state, ...fleet, edges: task.shares.map(shareJson) });
  else printFleet(task.kind, verified, fleet);
  if (fleet.unsound.length > 0) process.exitCode = 1;
  else confirmEnd(task);
}

interface Verified {
  readonly share: ShareStatus;
  /** Undefined for an edge that has not finished its verification. */
  readonly result: VerifyResult | undefined;
}

interface FleetFound extends Found {
  readonly isSound: boolean;
  /** The edges that answered and are not sound. */
  readonly unsound: readonly string[];
}

function mergedFound(verified: readonly Verified[]): FleetFound {
  const found = verified.flatMap(({ result }) => (result === undefined ? [] : [foundIn(result)]));
  const sum = (of: keyof Found) => found.reduce((total, one) => total + one[of], 0);
  return {
    isSound: verified.every(({ result }) => result?.isSound === true),
    unsound: verified.filter(({ result }) => result?.isSound === false).map(({ share }) => nameOf(share)),
    objects: sum('objects'),
    bytes: sum('bytes'),
    damaged: sum('damaged'),
  };
}

function printFleet(kind: string, verified: readonly Verified[], fleet: FleetFound): void {
  printTable(
    ['edge', 'sites', 'objects', 'size', 'damaged', 'result'],
    verified.map(({ share, result }) => [nameOf(share), ...cells(kind, share, result)]),
  );
  for (const { share, result } of verified)
    for (const line of result === undefined ? [] : damageLines(result))
      printLine(`${nameOf(share)}: ${line}`);
  const sound = verified.filter(({ result }) => result?.isSound === true).length;
  const { objects, bytes, damaged } = fleet;
  printLine(
    `${sound} of ${plural(verified.length, 'edge')} sound: ${plural(objects, 'object')}, ${humanBytes(bytes)}, ${damaged} damaged`,
  );
}

function cells(kind: string, share: ShareStatus, result: VerifyResult | undefined): (string | number)[] {
  if (result === undefined) return ['', '', '', '', `${share.state}: ${shareText(kind, share)}`];
  const { objects, bytes, damaged } = foundIn(result);
  return [result.verified, objects, humanBytes(bytes), damaged, soundness(result)];
}
