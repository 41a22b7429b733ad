import type { Logs, Publish } from './sync-judge.ts';

export function inWords({ site, marker, policy, began, ended, ending }: Publish): string {
  const { require, timeout, onFailure } = policy;
  const how = `${require === 'all' ? 'all' : `quorum ${require.quorum}`} ${timeout} s ${onFailure}`;
  const edges =
    ending.kind === 'answered'
      ? ending.commit.edges.map(({ edge, state }) => `${edge.slice(5)} ${state}`)
      : [];
  const end =
    ending.kind === 'answered'
      ? `${ending.commit.outcome} r${ending.commit.revision} (${edges.join(', ')})`
      : ending.kind === 'aborted'
        ? `aborted r${ending.revision}`
        : ending.kind;
  return `${marker} on ${site} [${how}]: ${end} in ${Math.round(ended - began)} ms`;
}

export function endingOf({ ending, site, marker }: Publish, logs: Logs): string {
  if (ending.kind === 'answered') return ending.commit.outcome;
  if (ending.kind !== 'lost') return ending.kind;
  const found = [...(logs.get(site)?.values() ?? [])].find((logged) => logged.marker === marker);
  const end =
    found === undefined
      ? 'nothing'
      : found.aborted !== undefined
        ? 'aborted'
        : found.activated?.degraded
          ? 'degraded'
          : 'live';
  return `lost: ${end}`;
}
