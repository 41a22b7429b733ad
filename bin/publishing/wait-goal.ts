import { InvalidArgumentError } from 'commander';
import { SkerryError } from '../../shared/errors.ts';
import type { EdgeStatus } from '../../shared/wire/api.ts';
import { plural } from '../terminal/output.ts';
import type { Awaited, LateEdge } from './awaited-edges.ts';

/**
 * The edges for which `--wait` waits: those that are online, all, those of a region, or any `count` of them. It never
 * waits for edges that are paused, drained, delayed or scheduled.
 */
export type WaitGoal =
  | { readonly kind: 'online' | 'all' }
  | { readonly kind: 'region'; readonly region: string }
  | { readonly kind: 'count'; readonly count: number };

export const ONLINE: WaitGoal = { kind: 'online' };

export function waitGoal(text: string): WaitGoal {
  if (text === 'all') return { kind: 'all' };
  const [, region] = /^region:(.+)$/s.exec(text) ?? [];
  if (region !== undefined) return { kind: 'region', region };
  if (/^[1-9][0-9]{0,5}$/.test(text)) return { kind: 'count', count: Number(text) };
  throw new InvalidArgumentError('Give a number of edges, all, or region:NAME.');
}

/** The edges that count towards the goal. */
export function countedEdges(goal: WaitGoal, edges: readonly EdgeStatus[]): EdgeStatus[] {
  return edges.filter(({ region }) => goal.kind !== 'region' || region === goal.region);
}

/** Throws `bad-config` if so few edges cannot reach the goal. The caller has changed nothing yet. */
export function checkGoal(goal: WaitGoal, edges: number): void {
  if (goal.kind === 'region' && edges === 0)
    throw new SkerryError(
      'bad-config',
      `no edge of the region ${goal.region} would show it; nothing was changed`,
    );
  if (goal.kind === 'count' && edges < goal.count)
    throw new SkerryError('bad-config', `only ${plural(edges, 'edge')} would show it; nothing was changed`);
}

/** The edges that still keep the goal from being reached. Empty when it is reached. */
export function lateEdges(goal: WaitGoal, { done, missing, absent }: Awaited): readonly LateEdge[] {
  if (goal.kind === 'count') return done.length >= goal.count ? [] : [...missing, ...absent];
  // If only the online edges count, the others are awaited only while no edge is online.
  if (goal.kind === 'online') return missing.length > 0 || done.length > 0 ? missing : absent;
  return [...missing, ...absent];
}
