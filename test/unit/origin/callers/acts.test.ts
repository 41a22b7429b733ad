import pino from 'pino';
import t from 'tap';
import { actLog } from '../../../../origin/callers/acts.ts';
import { caller } from '../../../../origin/callers/caller.ts';
import type { NewEvent } from '../../../../shared/wire/event.ts';

t.test('an act is a line and an event, with who did it', async (t) => {
  const lines: unknown[] = [];
  const events: NewEvent[] = [];
  let tried = 0;
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const noteAct = actLog(log, {
    note: (event) => void events.push(event),
    tried: async () => void tried++,
  });
  const token = { id: '0123456789ab', scope: 'publish:docs' };
  caller.run({ name: token.scope, address: '192.0.2.7', token }, () => {
    noteAct('purge', { site: 'docs', seq: 7, paths: ['/a'] });
  });
  caller.run({ name: '192.0.2.8', address: '192.0.2.8' }, () => {
    noteAct('edge-join', { edge: 'oslo', region: 'eu' });
  });
  t.match(lines, [
    { act: 'purge', by: { ...token, address: '192.0.2.7' }, site: 'docs', seq: 7 },
    { act: 'edge-join', by: { address: '192.0.2.8' }, edge: 'oslo' },
  ]);
  t.strictSame(events, [
    {
      kind: 'purge',
      site: 'docs',
      cause: { token: token.id, scope: token.scope, address: '192.0.2.7' },
      what: { seq: 7, paths: ['/a'] },
    },
    { kind: 'edge-join', edge: 'oslo', cause: { address: '192.0.2.8' }, what: { region: 'eu' } },
  ]);
  t.equal(tried, 2);
  caller.run({ name: 'a', address: '192.0.2.9' }, () => {
    noteAct('publish', { site: 'docs' });
    t.equal(caller.getStore()?.noted, undefined, 'a publish waits for no event');
    noteAct('token-create', {});
    t.type(caller.getStore()?.noted, Promise);
  });
});
