/**
 * Says which layer may import which, types included. `npm run lint` checks it.
 *
 * A layer is a folder, or a file beside folders. A layer may import its own folder and the layers in the lines below
 * it, as in docs/architecture.md. Layers that share a line do not import each other.
 */
const LAYERS = {
  shared: [
    ['shared/feed'],
    ['shared/delta', 'shared/http', 'shared/reports'],
    ['shared/wire', 'shared/tls'],
    ['shared/store'],
    ['shared/hashing', 'shared/receipts'],
    ['shared/log'],
    ['shared/work'],
    ['shared/site'],
    ['shared/site/rules'],
    ['shared/signing'],
    ['shared/content/manifest/sqlite'],
    ['shared/content/manifest'],
    ['shared/content'],
    ['shared/sqlite'],
    ['shared/process', 'shared/files'],
    ['shared/json', 'shared/concurrency'],
    ['shared/version.ts'],
    ['shared/errors.ts', 'shared/clock.ts', 'shared/package-root.ts'],
  ],
  origin: [
    ['origin/main.ts'],
    ['origin/founding.ts'],
    ['origin/api', 'origin/s3-door'],
    ['origin/api/examples', 'origin/s3-door/payload'],
    ['origin/s3-door/signing'],
    ['origin/s3-door/protocol'],
    ['origin/buckets'],
    ['origin/ingest', 'origin/retention', 'origin/fleet', 'origin/verify', 'origin/migration'],
    ['origin/ingest/archive'],
    ['origin/reconcile'],
    ['origin/tasks'],
    ['origin/rollout'],
    ['origin/publish', 'origin/events/webhooks'],
    ['origin/catalog/sqlite', 'origin/access', 'origin/events'],
    ['origin/store', 'origin/client/folder', 'origin/catalog'],
    ['origin/domains', 'origin/callers', 'origin/store/s3', 'origin/client', 'origin/authority'],
    ['origin/admin-token.ts', 'origin/recovery-key.ts'],
  ],
  edge: [
    ['edge/main.ts'],
    ['edge/admin'],
    ['edge/replica'],
    ['edge/feed'],
    ['edge/work/tasks'],
    ['edge/work'],
    [
      ...['edge/work/warm', 'edge/work/purge', 'edge/work/prune'],
      ...['edge/work/repair', 'edge/work/sync-now', 'edge/work/report-state', 'edge/work/upload-objects'],
    ],
    ['edge/work/verify'],
    ['edge/serve', 'edge/processes', 'edge/work/executor', 'edge/report'],
    ['edge/serve/http2'],
    ['edge/serve/fast-lane'],
    ['edge/serve/answering'],
    ['edge/serve/tls', 'edge/serve/metering'],
    ['edge/serve/site'],
    ['edge/serve/bytes'],
    ['edge/serve/http', 'edge/serve/connection', 'edge/serve/hpack'],
    ['edge/variants'],
    ['edge/disk-budget', 'edge/activate'],
    ['edge/read-through'],
    ['edge/follow/ahead'],
    ['edge/follow/sync'],
    ['edge/follow/log'],
    ['edge/follow/fetch'],
    ['edge/follow/upstream'],
    ['edge/store/sqlite', 'edge/follow/faults.ts'],
    ['edge/store'],
    ['edge/messages', 'edge/variants/variant.ts'],
  ],
  bin: [
    ['bin/skerry.ts', 'bin/launch.js'],
    ['bin/run.ts'],
    ['bin/program.ts'],
    ['bin/commands'],
    [
      'bin/running',
      'bin/publishing',
      'bin/receipts',
      'bin/tasks',
      'bin/example',
      'bin/doctor',
      'bin/terraform',
      'bin/completion',
    ],
    ['bin/options'],
    ['bin/terminal'],
  ],
};

/** The areas that an area may import besides itself. */
const AREAS = { shared: [], origin: ['shared'], edge: ['shared'], bin: ['shared', 'origin', 'edge'] };

/** The only files that may load a library. Any file may import its types. */
const IMPORTERS = {
  chokidar: ['origin/client/folder/folder-events.ts'],
  ignore: ['origin/client/folder/left-out.ts'],
  undici: [
    'shared/tls/connector.ts',
    'edge/follow/upstream/connections.ts',
    'origin/client/api-client.ts',
    'origin/client/probe.ts',
    'origin/events/webhooks/post.ts',
  ],
  'ipaddr.js': ['origin/events/webhooks/public-address.ts'],
  'forwarded-parse': ['shared/http/forwarded.ts'],
  '@peculiar/x509': ['shared/tls/issue.ts'],
  'reflect-metadata': ['shared/tls/issue.ts'],
  'lru-cache': ['shared/process/byte-cache.ts', 'shared/process/recent-map.ts'],
  '@aws-sdk/client-s3': ['origin/store/s3/bucket.ts'],
  '@aws-sdk/lib-storage': ['origin/store/s3/bucket.ts'],
  croner: ['shared/site/schedule.ts'],
  tldts: ['origin/domains/public-suffix.ts'],
  piscina: ['shared/process/thread.ts'],
  'structured-headers': ['shared/wire/request-proof.ts', 'edge/serve/http2/priority.ts'],
  '@smithy/signature-v4': ['origin/s3-door/signing/sign-again.ts'],
  '@aws-sdk/checksums': ['origin/s3-door/payload/checksum.ts'],
  '@fastify/busboy': ['origin/s3-door/payload/form.ts'],
  'fast-xml-parser': ['origin/s3-door/protocol/read-xml.ts'],
  'tar-stream': ['origin/ingest/archive/tar-files.ts'],
  yauzl: ['origin/ingest/archive/zip-files.ts'],
  '@streamparser/json': ['origin/ingest/deploy-lines.ts'],
  'mime-db': ['shared/content/media-type.ts'],
  'mime-types': ['shared/content/media-type.ts'],
  pino: ['shared/process/logger.ts'],
  'prom-client': [
    'shared/process/process-metrics.ts',
    'shared/process/collected-metrics.ts',
    'edge/admin/serving-metrics.ts',
  ],
  'sonic-boom': ['edge/serve/metering/access-log.ts'],
  yaml: ['bin/options/yaml.ts'],
  '@bomb.sh/tab': ['bin/completion/shell.ts'],
  open: ['bin/terminal/browser.ts'],
  'cli-progress': ['bin/terminal/progress.ts'],
  '@fastify/swagger': ['origin/api/server.ts', 'origin/api/docs-server.ts'],
  '@fastify/swagger-ui': ['origin/api/docs-server.ts'],
  '@fastify/ajv-compiler': ['shared/http/route-compilers.ts'],
};

const literally = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
const exactly = (files) => `^(${files.map(literally).join('|')})$`;

/** The files of a layer: one file, or the files of a folder without its sub-folders. */
const filesOf = (layer) => (/\.(ts|js)$/.test(layer) ? `${literally(layer)}$` : `${literally(layer)}/[^/]+$`);
const anyOf = (layers) => `^(${layers.map(filesOf).join('|')})`;

function layerRules([area, lines]) {
  const all = lines.flat();
  // A file that is a layer of its own does not belong to the layer of its folder.
  const single = all.filter((layer) => /\.(ts|js)$/.test(layer));
  return lines.flatMap((line, at) =>
    line.map((layer) => ({
      name: `layers-of-${area}`,
      severity: 'error',
      comment: `${layer} imports lower layers only`,
      from: { path: anyOf([layer]), pathNot: exactly(single.filter((file) => file !== layer)) },
      to: {
        path: `^${area}/`,
        pathNot: anyOf([...lines.slice(at + 1).flat(), layer]),
      },
    })),
  );
}

const areaRules = Object.entries(AREAS).map(([area, others]) => ({
  name: 'areas',
  severity: 'error',
  comment:
    'origin and edge never import each other, shared imports neither, and the product imports nothing outside itself',
  // In a clone, the launcher joins the sources for commands that start many processes.
  from: { path: `^${area}/`, pathNot: '^bin/launch\\.js$' },
  to: {
    pathNot: [`^(${[area, ...others].join('|')})/`, 'node_modules', '^package\\.json$'],
    dependencyTypesNot: ['core'],
  },
}));

const importerRules = Object.entries(IMPORTERS).map(([library, importers]) => ({
  name: 'one-importer-per-library',
  severity: 'error',
  from: { path: '^(shared|origin|edge|bin)/', pathNot: exactly(importers) },
  to: { path: `node_modules/${literally(library)}/`, dependencyTypesNot: ['type-only'] },
}));

export default {
  forbidden: [
    { name: 'no-cycle-of-files', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-cycle-of-folders', severity: 'error', scope: 'folder', from: {}, to: { circular: true } },
    {
      name: 'every-file-has-a-layer',
      severity: 'error',
      from: { path: '^(shared|origin|edge|bin)/', pathNot: anyOf(Object.values(LAYERS).flat(2)) },
      to: {},
    },
    ...Object.entries(LAYERS).flatMap(layerRules),
    ...areaRules,
    ...importerRules,
    {
      name: 'commander-stays-in-bin',
      severity: 'error',
      from: { path: '^(shared|origin|edge)/' },
      to: { path: 'node_modules/commander/' },
    },
    {
      name: 'sqlite-is-opened-in-one-place',
      severity: 'error',
      comment: 'folder-lock uses the exclusive lock of an SQLite file as a lock of the folder',
      from: {
        path: '^(shared|origin|edge|bin)/',
        pathNot: exactly(['shared/sqlite/open.ts', 'shared/files/folder-lock.ts']),
      },
      to: { path: '^(node:)?sqlite$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'sqlite-stays-with-the-catalogs',
      severity: 'error',
      from: {
        path: '^(shared|origin|edge|bin)/',
        pathNot: '(^|/)sqlite/|^shared/files/folder-lock\\.ts$',
      },
      to: { path: '^(node:)?sqlite$' },
    },
    {
      name: 'named-in-package-json',
      severity: 'error',
      from: { path: '^(shared|origin|edge|bin)/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'],
        dependencyTypesNot: ['npm'],
      },
    },
    {
      name: 'resolves',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, dependencyTypesNot: ['core'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
};
