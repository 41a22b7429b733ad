import type { TaskRequest } from '../../shared/wire/task-api.ts';

/** An object of which the lazy edges of a region report that many readers ask for it. */
export interface HotObject {
  readonly region: string;
  readonly site: string;
  readonly path: string;
  readonly digest: string;
  /** The requests each minute at the edges that report it. */
  readonly perMinute: number;
  /** The edges that report it. */
  readonly askedAt: readonly string[];
  /** The other lazy edges of the region that replicate the site and take work. They may lack it. */
  readonly others: readonly string[];
}

/** Requests each minute in a region that make an object worth fetching before readers ask for it. */
const WORTH_PER_MINUTE = 60;
/** The objects of one task. The next round continues with the others. */
const MOST_OBJECTS = 16;
/** The tasks for one region and site while their keys are known. */
const MOST_TASKS = 12;
/** Edges that a task names. */
const MOST_EDGES = 200;
/** What has not come by then is not hot any more. */
const DEADLINE_SECONDS = 600;
/** The part of a digest that a key has. */
const SHORT = 16;

interface Warming {
  readonly key: string;
  readonly cause: string;
  readonly request: TaskRequest;
}

/**
 * Warms the other lazy edges of a region with what readers ask of some of them: one task for each region and site. The
 * keys name the objects, so an object is warmed once while its key is known.
 */
export function warmingOf(hot: readonly HotObject[], keys: ReadonlySet<string>): Warming[] {
  const warmed = new Set([...keys].flatMap(objectsIn));
  const isDue = ({ perMinute, others, ...object }: HotObject) =>
    perMinute >= WORTH_PER_MINUTE && others.length > 0 && !warmed.has(nameOf(object));
  const groups = Map.groupBy(hot.filter(isDue), ({ region, site }) => `${site} ${region}`);
  return [...groups].flatMap(([name, group]) => {
    if ([...keys].filter((key) => groupIn(key) === name).length >= MOST_TASKS) return [];
    const some = group.toSorted((a, b) => b.perMinute - a.perMinute).slice(0, MOST_OBJECTS);
    const [first] = some;
    if (first === undefined) return [];
    const { site } = first;
    const targets = [...new Set(some.flatMap(({ others }) => others))].sort().slice(0, MOST_EDGES);
    const askedAt = [...new Set(some.flatMap(({ askedAt: names }) => names))].sort();
    return {
      key: keyOf(some, first),
      cause: `readers of ${askedAt.slice(0, 5).join(', ')} ask for ${some.length} objects of ${site} again and again: ${Math.round(first.perMinute)} times a minute for ${first.path}`,
      request: {
        kind: 'warm',
        args: { site, paths: some.map(({ path }) => `/${path}`) },
        target: { edges: targets },
        deadline: DEADLINE_SECONDS,
      },
    };
  });
}

function keyOf(objects: readonly HotObject[], { site, region }: HotObject): string {
  return `warm ${site} ${objects.map(({ digest }) => digest.slice(0, SHORT)).join(',')} ${region}`;
}

const nameOf = ({ site, region, digest }: Pick<HotObject, 'site' | 'region' | 'digest'>) =>
  `${site} ${digest.slice(0, SHORT)} ${region}`;

const KEY = /^warm ([^ ]+) ([0-9a-f,]+) (.*)$/;

function groupIn(key: string): string | undefined {
  const [, site, , region] = KEY.exec(key) ?? [];
  return site && `${site} ${region}`;
}

/** The objects that a key of this rule names. */
function objectsIn(key: string): string[] {
  const [, site, digests = '', region] = KEY.exec(key) ?? [];
  return site === undefined ? [] : digests.split(',').map((digest) => `${site} ${digest} ${region}`);
}
