import t from 'tap';
import { LogPosition } from '../../../../../edge/follow/log/log-position.ts';
import { follow } from '../../../../../shared/log/chain-state.ts';
import type { Payload } from '../../../../../shared/log/record-kinds.ts';
import { SignedLog } from '../../signed-log.ts';

const log = new SignedLog();
const start = SignedLog.start();
const one = follow(start, log.append());
const head = log.head();

async function open(members: () => readonly Payload<'member'>[] = () => []) {
  const position = await LogPosition.open({ chain: async () => start, members: async () => [...members()] });
  const told: string[] = [];
  for (const event of ['head', 'records', 'path'] as const)
    position.on(event, () => told.push(`${event} ${position.chain.seq}`));
  return { position, told };
}

t.test('what moved is told after the move: the head before its records', async (t) => {
  const { position, told } = await open();
  position.moved(start, undefined);
  t.strictSame(told, [], 'nothing came');
  position.moved(one, head);
  position.moved(one, head);
  t.strictSame(told, ['head 1', 'records 1', 'head 1']);
  position.moved(one, undefined);
  t.equal(position.head, head, 'an upstream that has said none yet takes none away');
});

t.test('the way to the origin', async (t) => {
  const { position, told } = await open();
  t.strictSame(position.path, []);
  position.pathChanged(['x']);
  t.strictSame([position.path, told], [['x'], ['path 0']]);
});

t.test('the calls for reports', async (t) => {
  const { position } = await open();
  const called: unknown[] = [];
  position.on('call', (edges) => called.push(edges));
  position.called(['oslo']);
  position.called(null);
  t.strictSame(called, [['oslo'], null]);
});

t.test('members are those that were read last', async (t) => {
  let members = [{ name: 'oslo' }] as Payload<'member'>[];
  const { position } = await open(() => members);
  t.match(position.members, [{ name: 'oslo' }]);
  members = [];
  t.match(position.members, [{ name: 'oslo' }]);
  await position.readMembers();
  t.strictSame(position.members, []);
});

t.test('an edge that has joined no log has no position', async (t) => {
  const opened = LogPosition.open({ chain: async () => undefined, members: async () => [] });
  await t.rejects(opened, { code: 'data-folder-foreign' });
});
