import { createHash } from 'node:crypto';
import { request } from 'node:http';
import type { ContentPath } from '../../shared/content/content-path.ts';
import type { EdgeCatalog } from '../store/catalog.ts';
import type { TrialSource } from './trials.ts';

const ANSWER_MS = 5000;

export interface SelfRequestParts {
  readonly catalog: Pick<EdgeCatalog, 'entryAt'>;
  /** The address at which this edge answers readers over plain HTTP. */
  readonly host: string;
  readonly port: number;
}

/**
 * Asks this edge's own port for a path, as a reader does. A path of published content must answer with exactly its bytes,
 * and any other path, for example one of `_redirects`, with success.
 */
export function selfRequests({ catalog, host, port }: SelfRequestParts): TrialSource['answers'] {
  return async ({ id, name, revision }, path, signal) => {
    const answer = await ask({ host, port, path, site: `${name}.localhost`, signal });
    for (const candidate of contentPaths(path)) {
      const entry = await catalog.entryAt(id, revision, candidate);
      if (entry !== undefined) return answer.status === 200 && answer.digest === entry.digest;
    }
    return answer.status >= 200 && answer.status < 400;
  };
}

/** The published paths that may answer for a path, the first first. */
function contentPaths(path: string): ContentPath[] {
  const plain = path.slice(1).split('?', 1)[0] ?? '';
  const names = plain === '' || plain.endsWith('/') ? [`${plain}index.html`] : [plain, `${plain}.html`];
  return names as ContentPath[];
}

interface Asked {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly site: string;
  readonly signal: AbortSignal;
}

function ask({ host, port, path, site, signal }: Asked): Promise<{ status: number; digest: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; digest: string }>();
  const hash = createHash('sha256');
  const over = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
  request(
    { host, port, path, agent: false, signal: over, headers: { host: site, 'user-agent': 'skerry-rollout' } },
    (response) => {
      response.on('data', (chunk: Uint8Array) => hash.update(chunk));
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode ?? 0, digest: hash.digest('hex') }));
    },
  )
    .once('error', reject)
    .end();
  return promise;
}
