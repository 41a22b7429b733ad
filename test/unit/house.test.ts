import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

/** The import rules of the house, and the sizes and names that keep it tidy, over the product's own sources. */
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const AREAS = ['origin', 'edge', 'shared', 'bin'] as const;
type Area = (typeof AREAS)[number];

interface Import {
  /** A path from the root of the project for relative ones, else the name as it is written. */
  readonly to: string;
  /** Only types: nothing is loaded. */
  readonly isType: boolean;
}

const STATEMENT = /\b(?:import|export)\s+(type\s+)?((?:[\w*{}\s,$]|\bas\b)*?)\bfrom\s*(['"])([^'"]+)\3/g;
const BARE = /(?:^|[;{}\n])\s*import\s*(['"])([^'"]+)\1/g;
const CALL = /(\btypeof\s+)?\b(?:import|require)\(\s*(['"`])([^'"`]+)\2\s*,?[^)]*\)(\.[A-Z])?/g;

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

/** Every import, `import()`, `import('x').Type` and `export … from`. */
function importsOf(file: string, source: string): Import[] {
  const text = withoutComments(source);
  const found: Import[] = [];
  const add = (to: string | undefined, isType: boolean) => {
    if (to === undefined) throw new Error(`an import of ${file} was not understood`);
    found.push({ to: to.startsWith('.') ? posix.join(posix.dirname(file), to) : to, isType });
  };
  for (const [, type, names = '', , to] of text.matchAll(STATEMENT)) {
    const inner = /^\s*\{([\s\S]*)\}\s*$/.exec(names)?.[1]?.split(',') ?? [];
    const named = inner.map((name) => name.trim()).filter((name) => name !== '');
    add(to, type !== undefined || (named.length > 0 && named.every((name) => name.startsWith('type '))));
  }
  for (const [, , to] of text.matchAll(BARE)) add(to, false);
  for (const [, typeOf, , to, member] of text.matchAll(CALL)) {
    add(to, typeOf !== undefined || member !== undefined);
  }
  return found;
}

interface Source {
  readonly file: string;
  readonly area: Area;
  readonly text: string;
  readonly imports: readonly Import[];
}

const paths = AREAS.flatMap((area) =>
  readdirSync(join(ROOT, area), { recursive: true, encoding: 'utf8' }).map(
    (path) => `${area}/${path.replaceAll('\\', '/')}`,
  ),
);
const sources: readonly Source[] = paths
  .filter((path) => /\.(ts|js|mts|mjs)$/.test(path))
  .map((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    return { file, area: file.split('/', 1)[0] as Area, text, imports: importsOf(file, text) };
  });

/** `who -> what` for each import that a rule does not allow. */
function offences(offends: (source: Source, imported: Import) => boolean): string[] {
  return sources.flatMap((source) =>
    source.imports.filter((imported) => offends(source, imported)).map(({ to }) => `${source.file} -> ${to}`),
  );
}

const isPackage = (to: string, name: string) => to === name || to.startsWith(`${name}/`);

t.test('the parser of imports finds every form', async (t) => {
  const found = importsOf(
    'edge/serve/x.ts',
    `
    import a from 'one';
    import { b, type B } from "two/deep";
    import type { C } from '../three.ts';
    import {
      type D,
      type E,
    } from '../../shared/four.ts';
    import * as five from 'node:five';
    import 'six';
    export * from '../../origin/seven.ts';
    export { eight } from './eight.ts';
    export type { Nine } from './nine.ts';
    const ten = await import('ten');
    type Eleven = import('eleven').Eleven;
    // import 'commented';
    /* import { x } from 'commented-too'; */
    `,
  );
  t.strictSame(found.map(({ to, isType }) => `${isType ? 'type ' : ''}${to}`).sort(), [
    'edge/serve/eight.ts',
    'node:five',
    'one',
    'origin/seven.ts',
    'six',
    'ten',
    'two/deep',
    'type edge/serve/nine.ts',
    'type edge/three.ts',
    'type eleven',
    'type shared/four.ts',
  ]);
});

t.test('the sources are found, and their imports lead to files that are there', async (t) => {
  for (const area of AREAS) t.ok(sources.filter((source) => source.area === area).length > 5, area);
  const known = new Set(paths);
  const outside = ['package.json'];
  t.strictSame(
    offences(
      (_source, { to }) =>
        /^(\.\.|origin|edge|shared|bin)\//.test(to) && !known.has(to) && !outside.includes(to),
    ),
    [],
  );
});

t.test('origin and edge never import each other, shared imports neither, nobody imports bin', async (t) => {
  const allowed: Record<Area, readonly Area[]> = {
    origin: ['origin', 'shared'],
    edge: ['edge', 'shared'],
    shared: ['shared'],
    bin: ['bin', 'origin', 'edge', 'shared'],
  };
  t.strictSame(
    offences(({ area }, { to }) => {
      const target = AREAS.find((candidate) => isPackage(to, candidate));
      return target !== undefined && !allowed[area].includes(target);
    }),
    [],
  );
  t.strictSame(
    offences((_source, { to }) => /^(\.\.\/|test\/|bench\/|infra\/|docs\/)/.test(to)),
    [],
    'the product needs nothing beside itself',
  );
});

t.test('one door per library', async (t) => {
  /** Who may load it; types are free, except where `typesToo` says otherwise. */
  const doors: Record<string, readonly string[]> = {
    chokidar: ['origin/client/folder/folder-events.ts'],
    ignore: ['origin/client/folder/left-out.ts'],
    undici: ['edge/follow/upstream/connections.ts', 'origin/client/api-client.ts'],
    // origin/fleet keeps its measured lags in one too; the memory cache of served bytes is edge/serve/bytes/content.ts.
    'lru-cache': ['shared/process/byte-cache.ts'],
    '@aws-sdk/client-s3': ['origin/store/s3/bucket.ts'],
    '@aws-sdk/lib-storage': ['origin/store/s3/bucket.ts'],
    croner: ['shared/site/schedule.ts'],
    tldts: ['origin/domains/public-suffix.ts'],
    piscina: ['shared/process/thread.ts'],
    'structured-headers': ['shared/wire/request-proof.ts'],
    // folder-lock uses SQLite's exclusive lock as a lock of the folder.
    'node:sqlite': ['shared/files/folder-lock.ts', 'shared/sqlite/open.ts'],
    '@streamparser/json': ['origin/ingest/deploy-lines.ts'],
    mime: ['shared/content/media-type.ts'],
    pino: ['shared/process/logger.ts'],
    'sonic-boom': ['edge/serve/metering/access-log.ts'],
    yaml: ['bin/options/config-file.ts'],
    'cli-progress': ['bin/terminal/progress.ts'],
    '@fastify/swagger': ['origin/api/server.ts'],
  };
  for (const [library, expected] of Object.entries(doors)) {
    const users = sources.filter(({ imports }) =>
      imports.some(({ to, isType }) => !isType && isPackage(to, library)),
    );
    t.strictSame(users.map(({ file }) => file).sort(), expected, library);
  }
  const commander = offences(({ area }, { to }) => area !== 'bin' && isPackage(to, 'commander'));
  t.strictSame(commander, [], 'commander is known to bin alone');
});

t.test('types of node:sqlite stay with the catalogs', async (t) => {
  const homes =
    /^(origin\/catalog\/sqlite\/|edge\/store\/sqlite\/|shared\/(content\/manifest\/sqlite|sqlite|log)\/|shared\/files\/folder-lock\.ts$)/;
  t.strictSame(
    offences(({ file }, { to }) => to === 'node:sqlite' && !homes.test(file)),
    [],
  );
});

t.test('nothing is imported that package.json does not name', async (t) => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const allowed = Object.keys(manifest.dependencies);
  t.strictSame(
    offences(
      (_source, { to }) =>
        !to.startsWith('node:') &&
        !AREAS.some((area) => isPackage(to, area)) &&
        to !== 'package.json' &&
        !allowed.some((name) => isPackage(to, name)),
    ),
    [],
  );
});

const PURE = /(^|[/-])([^/]*-state|[^/]*-plan|decide|range|conditional)\.ts$/;
const IMPURE_MODULES =
  /^(node:(fs|fs\/promises|net|http|https|http2|dns|child_process|worker_threads|sqlite|timers|process|os|cluster)|undici|fastify|pino|chokidar|piscina)(\/|$)/;
const IMPURE_TEXT =
  /\bDate\.now\b|\bnew Date\(\s*\)|\bsetTimeout\b|\bsetInterval\b|\bprocess\.|\bperformance\.|\bMath\.random\b|\bconsole\./;

t.test('pure files are pure, with all that they load', async (t) => {
  const pure = sources.filter(({ file }) => PURE.test(file));
  for (const known of [
    'shared/log/chain-state.ts',
    'edge/follow/fetch/fetch-plan.ts',
    'edge/serve/http/conditional.ts',
    'edge/serve/http/range.ts',
    'origin/client/folder/change-plan.ts',
  ]) {
    t.ok(
      pure.some(({ file }) => file === known),
      `${known} is among the pure files`,
    );
  }
  const byFile = new Map(sources.map((source) => [source.file, source]));
  for (const start of pure) {
    const reached = new Set([start.file]);
    const faults: string[] = [];
    for (const file of reached) {
      const source = byFile.get(file);
      if (source === undefined) continue;
      const impure = IMPURE_TEXT.exec(withoutComments(source.text))?.[0];
      if (impure !== undefined) faults.push(`${file} uses ${impure}`);
      for (const { to, isType } of source.imports) {
        if (isType) continue;
        if (IMPURE_MODULES.test(to)) faults.push(`${file} imports ${to}`);
        else if (byFile.has(to)) reached.add(to);
      }
    }
    t.strictSame(faults, [], start.file);
  }
});

t.test('no source is longer than 400 lines, and the median stays small', async (t) => {
  const lengths = sources.map(({ file, text }) => ({ file, lines: text.split('\n').length - 1 }));
  t.strictSame(
    lengths.filter(({ lines }) => lines > 400),
    [],
  );
  const sorted = lengths.map(({ lines }) => lines).sort((a, b) => a - b);
  t.ok((sorted[Math.floor(sorted.length / 2)] ?? 0) <= 120, 'the median is at most 120 lines');
});

t.test('no file or folder has a name that says nothing', async (t) => {
  const empty = /(^|[-_.])(utils?|helpers?|managers?|misc)([-_.]|$)/i;
  for (const name of ['utils.ts', 'helpers', 'edge-manager.ts', 'misc', 'string-util.ts'])
    t.match(name, empty, `${name} would be noticed`);
  t.strictSame(
    paths.filter((path) => empty.test(basename(path))),
    [],
  );
});

t.test('no any', async (t) => {
  const any = /(:\s*any\b|\bas\s+any\b|<any[,>\s]|\bany\[\]|@ts-(ignore|nocheck))/;
  for (const text of ['(x: any) => 1', 'x as any', 'Array<any>', 'Map<any, string>'])
    t.match(text, any, `${text} would be noticed`);
  // @ts- directives are comments, so the text is searched as it is; prose does not say ": any".
  t.strictSame(
    sources
      .filter(({ text }) =>
        any.test(text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, (line) => (line.includes('@ts-') ? line : ''))),
      )
      .map(({ file }) => file),
    [],
  );
});
