import { type Command, InvalidArgumentError, Option } from 'commander';
import { SkerryError } from '../../shared/errors.ts';
import type { RequestedTarget } from '../../shared/wire/task-api.ts';
import { DEADLINE_SECONDS } from '../../shared/wire/task-limits.ts';
import { KIND_PATTERN } from '../../shared/work/work-kind.ts';
import { duration, edgeName, list, option, revision } from './options.ts';

// The options below have no environment variable, because each is meant for one call. Variables such as SKERRY_REGION
// describe the edge on a host.

/** Parses the number of a task. */
export const taskNumber = revision;

const kind = new RegExp(KIND_PATTERN);

export function taskKind(text: string): string {
  if (!kind.test(text)) throw new InvalidArgumentError('Give a kind of task, such as verify.');
  return text;
}

export function edgesOption(description: string): Option {
  return new Option('--edge <name>', `${description}; may be repeated`).argParser(
    (text: string, before?: readonly string[]) => list(text, before).map(edgeName),
  );
}

export interface TargetFlags {
  readonly edge?: readonly string[];
  readonly region?: string;
  readonly label?: string;
  readonly all?: boolean;
  readonly any?: boolean;
}

export function withTargetOptions(command: Command): Command {
  return command
    .addOption(edgesOption('an edge that does the task'))
    .addOption(new Option('--region <region>', 'all edges of this region do the task'))
    .addOption(new Option('--label <label>', 'all edges with this label do the task').argParser(labelName))
    .addOption(new Option('--all', 'all edges do the task'))
    .addOption(new Option('--any', 'one edge does the task: the least loaded edge that can'));
}

function labelName(text: string): string {
  try {
    return edgeName(text);
  } catch {
    throw new InvalidArgumentError('Use 1 to 63 lower-case letters, digits and inner hyphens.');
  }
}

/** The target that the flags name. Throws `bad-config` unless they name exactly one. */
export function targetOf({ edge = [], region, label, all, any }: TargetFlags): RequestedTarget {
  const targets: RequestedTarget[] = [];
  if (edge.length > 0) targets.push({ edges: [...edge] });
  if (region !== undefined) targets.push({ region });
  if (label !== undefined) targets.push({ label });
  if (all) targets.push({ all: true });
  if (any) targets.push({ any: true });
  const [target] = targets;
  if (target === undefined || targets.length > 1)
    throw new SkerryError('bad-config', 'give one of --edge, --region, --label, --all and --any');
  return target;
}

export function deadlineOption(): Option {
  return option('--deadline <time>', 'how long the task waits for edges that have not finished')
    .argParser(deadline)
    .default(DEADLINE_SECONDS.usual, '1h');
}

function deadline(text: string): number {
  const seconds = duration(text);
  if (seconds < DEADLINE_SECONDS.least || seconds > DEADLINE_SECONDS.most)
    throw new InvalidArgumentError('Give a time from 10s to 30d.');
  return seconds;
}
