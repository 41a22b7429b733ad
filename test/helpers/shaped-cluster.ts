import { type Cluster, type ClusterOptions, type Node, startCluster } from './cluster.ts';
import { startProxy, type TcpProxy } from './tcp-proxy.ts';

interface ShapedCluster {
  readonly cluster: Cluster;
  readonly edge: Node;
  /** The proxy between the edge and the origin. */
  readonly link: TcpProxy;
  close(): Promise<void>;
}

/** An origin and one edge that reaches it through a proxy, which can be slow, silent or cut. */
export async function startShapedCluster(options: Omit<ClusterOptions, 'edges' | 'originUrl'> = {}) {
  let link: TcpProxy | undefined;
  const cluster = await startCluster({
    ...options,
    edges: 1,
    async originUrl(origin) {
      link = await startProxy({ target: { host: '127.0.0.1', port: Number(new URL(origin).port) } });
      return link.url;
    },
  });
  const [edge] = cluster.edges;
  if (edge === undefined || link === undefined) throw new Error('a cluster of one edge has one');
  const proxy = link;
  const shaped: ShapedCluster = {
    cluster,
    edge,
    link: proxy,
    async close() {
      await cluster.close();
      await proxy.close();
    },
  };
  return shaped;
}

/** The arguments of a lazy edge with a disk budget of `bytes`. */
export const lazily = (bytes: number) => ['--storage', 'lazy', '--disk', String(bytes)];
