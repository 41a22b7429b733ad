import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';
import { ask } from './http.ts';
import { until } from './until.ts';

export interface Nginx {
  readonly url: string;
  /** Undefined without certificates. */
  readonly secureUrl: string | undefined;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface NginxOptions {
  /** The folder that nginx serves. */
  readonly folder: string;
  /** The folder for nginx's own files. */
  readonly home: string;
  /** The `NAME` of NAME.crt and NAME.key. */
  readonly certificate?: string;
  /** Further directives for the server. */
  readonly directives?: string;
  /** Directives for the `stream` module, which Debian has in a package of its own. */
  readonly stream?: string;
}

const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so';

/** Starts nginx as its documentation advises for static files: sendfile, open files kept, no access log. */
export async function startNginx({
  folder,
  home,
  certificate,
  directives,
  stream,
}: NginxOptions): Promise<Nginx> {
  const [port = 0, tlsPort = 0] = await freePorts(2);
  await mkdir(home, { recursive: true });
  const tls =
    certificate &&
    `listen 127.0.0.1:${tlsPort} ssl http2; http2_max_requests 1000000000;
    ssl_certificate ${certificate}.crt; ssl_certificate_key ${certificate}.key;`;
  await writeFile(
    join(home, 'nginx.conf'),
    `${stream === undefined ? '' : `load_module ${STREAM_MODULE}; stream { ${stream} }`}
daemon off; worker_processes 1; user root; pid ${home}/nginx.pid; error_log ${home}/error.log;
events { worker_connections 16384; }
http {
  include /etc/nginx/mime.types; default_type application/octet-stream;
  access_log off; sendfile on; tcp_nopush on; tcp_nodelay on;
  keepalive_timeout 65; keepalive_requests 1000000000;
  open_file_cache max=10000 inactive=600s; open_file_cache_valid 600s;
  server {
    listen 127.0.0.1:${port} backlog=1024; root ${folder}; etag on;
    ${tls ?? ''}
    ${directives ?? ''}
  }
}
`,
  );
  const child = spawn('nginx', ['-p', home, '-c', join(home, 'nginx.conf'), '-e', 'stderr'], {
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  await once(child, 'spawn');
  const url = `http://127.0.0.1:${port}`;
  await until('nginx', async () => (await ask(url, '/').catch(() => undefined)) !== undefined);
  return {
    url,
    secureUrl: tls && `https://127.0.0.1:${tlsPort}`,
    pid: child.pid ?? 0,
    async stop() {
      child.kill();
      await ended;
    },
  };
}
