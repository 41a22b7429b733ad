import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise } from 'dependency-cruiser';
import t from 'tap';

/** The names, sizes and habits that keep the product's sources tidy. Who may import whom: .dependency-cruiser.mjs. */
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const AREAS = ['origin', 'edge', 'shared', 'bin'] as const;

const paths = AREAS.flatMap((area) =>
  readdirSync(join(ROOT, area), { recursive: true, encoding: 'utf8' }).map(
    (path) => `${area}/${path.replaceAll('\\', '/')}`,
  ),
);
const sources = paths
  .filter((path) => /\.(ts|js|mts|mjs)$/.test(path))
  .map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }));

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

/** What each file loads with itself: neither types nor what it imports later. */
async function loadedByFile(): Promise<Map<string, readonly string[]>> {
  const { output } = await cruise([...AREAS], {
    baseDir: ROOT,
    doNotFollow: 'node_modules',
    tsPreCompilationDeps: true,
  });
  if (typeof output === 'string') throw new Error('the graph of imports came as text');
  return new Map(
    output.modules.map(({ source, dependencies }) => [
      source,
      dependencies
        .filter(({ dependencyTypes, dynamic }) => !dynamic && !dependencyTypes.includes('type-only'))
        .map(({ module, resolved }) => (paths.includes(resolved) ? resolved : module)),
    ]),
  );
}

const PURE = /(^|[/-])([^/]*-state|[^/]*-plan|decide|range|conditional)\.ts$/;
const IMPURE_MODULES =
  /^((node:)?(fs|fs\/promises|net|http|https|http2|dns|child_process|worker_threads|sqlite|timers|process|os|cluster)|undici|fastify|pino|chokidar|piscina)(\/|$)/;
const IMPURE_TEXT =
  /\bDate\.now\b|\bnew Date\(\s*\)|\bsetTimeout\b|\bsetInterval\b|\bprocess\.|\bperformance\.|\bMath\.random\b|\bconsole\./;

const loaded = await loadedByFile();

t.test('pure files are pure, with all that they load', async (t) => {
  const pure = sources.filter(({ file }) => PURE.test(file));
  for (const known of [
    'shared/log/chain-state.ts',
    'edge/follow/fetch/fetch-plan.ts',
    'shared/http/conditional.ts',
    'shared/http/range.ts',
    'origin/client/folder/change-plan.ts',
  ]) {
    t.ok(
      pure.some(({ file }) => file === known),
      `${known} is among the pure files`,
    );
  }
  const texts = new Map(sources.map(({ file, text }) => [file, text]));
  for (const { file: start } of pure) {
    const reached = new Set([start]);
    const faults: string[] = [];
    for (const file of reached) {
      const impure = IMPURE_TEXT.exec(withoutComments(texts.get(file) ?? ''))?.[0];
      if (impure !== undefined) faults.push(`${file} uses ${impure}`);
      for (const to of loaded.get(file) ?? []) {
        if (IMPURE_MODULES.test(to)) faults.push(`${file} imports ${to}`);
        else if (texts.has(to)) reached.add(to);
      }
    }
    t.strictSame(faults, [], start);
  }
});

t.test(
  'no start loads the metrics library: it takes 18 MB, and the first scrape can wait for it',
  async (t) => {
    const loadsIt = (start: string) => {
      const reached = new Set([start]);
      for (const file of reached) for (const to of loaded.get(file) ?? []) reached.add(to);
      return reached.has('prom-client');
    };
    t.ok(loadsIt('edge/admin/edge-metrics.ts'), 'it would be noticed');
    for (const start of ['origin/main.ts', 'edge/main.ts', 'edge/serve/main.ts', 'bin/skerry.ts'])
      t.notOk(loadsIt(start), start);
  },
);

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
