import type { TaskRequest } from '../../shared/wire/task-api.ts';

/** An object that many readers request, as lazy edges of a region report. */
export interface HotObject {
  readonly region: string;
  readonly site: string;
  readonly path: string;
  readonly digest: string;
  /** The requests per minute at the edges that report the object. */
  readonly perMinute: number;
  /** The edges that report the object. */
  readonly askedAt: readonly string[];
  /** The other lazy edges of the region that replicate the site and accept work. They may lack the object. */
  readonly others: readonly string[];
}

/** With this many requests per minute in a region, an object is worth fetching before other readers ask for it. */
const WORTH_PER_MINUTE = 60;
/** One task names at most this many objects. The next round continues with the others. */
const MOST_OBJECTS = 16;
/** One region and site has at most this many tasks whose keys are known. */
const MOST_TASKS = 12;
/** One task names at most this many edges. */
const MOST_EDGES = 200;
/** The deadline of a task. An object that has not arrived by then is no longer hot. */
const DEADLINE_SECONDS = 600;
/** A key contains this many digits of each digest. */
const SHORT = 16;

interface Warming {
  readonly key: string;
  readonly cause: string;
  readonly request: TaskRequest;
}

/**
 * When readers of some lazy edges of a region ask for an object, the other lazy edges of the region are warmed with it.
 * There is one task for each region and site. The key of a task names its objects, so an object is not warmed again
 * while the key is known.
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
