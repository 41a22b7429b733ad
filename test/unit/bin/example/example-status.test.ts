import t from 'tap';
import { exampleStatus } from '../../../../bin/example/example-status.ts';
import { DEFAULT_POLICY } from '../../../../shared/site/site-policy.ts';
import type { EdgeStatus, Status } from '../../../../shared/wire/api.ts';
import { NO_LIMITS } from '../../../../shared/wire/protocol.ts';

const SHOWN = ['edge-1', 'edge-2'].map((name) => ({ name, region: 'r', url: `http://${name}/` }));

const edge = (name: string, sites: EdgeStatus['sites']): EdgeStatus => ({
  ...{ name, region: 'r', lat: null, lon: null, version: null, online: true, paused: false, revoked: false },
  ...{ drained: false, labels: [] },
  ...{ health: { state: 'online', trouble: null, reason: null }, use: null },
  ...{ mayRead: null, parent: null, limits: NO_LIMITS, clockOffset: null, faults: [], lastSeen: null },
  ...{ position: 1, diverged: null, lag: { records: 0, bytes: 0, seconds: 0 }, sites },
});

const status = (revision: number, edges: EdgeStatus[]): Status => ({
  origin: {
    ...{ version: '1', seq: 1, certificate: null },
    sites: [
      { name: 'example', domains: [], revision, files: 1, bytes: 1, pending: null, policy: DEFAULT_POLICY },
    ],
  },
  edges,
});

t.test('each edge with what it shows, also before it has said anything', async (t) => {
  const lag = { revisions: 0, bytes: 0, seconds: 0 };
  const shown = { example: { revision: 4, prepared: 0, lag, error: null, readers: null } };
  t.strictSame(exampleStatus('example', SHOWN, status(5, [edge('edge-1', shown)]), null), {
    revision: 5,
    edges: [
      { name: 'edge-1', region: 'r', url: 'http://edge-1/', isOnline: true, revision: 4 },
      { name: 'edge-2', region: 'r', url: 'http://edge-2/', isOnline: false, revision: 0 },
    ],
    save: null,
  });
  t.match(exampleStatus('other', SHOWN, status(5, [edge('edge-1', shown)]), null), {
    revision: 0,
    edges: [{ revision: 0 }, { revision: 0 }],
  });
});
