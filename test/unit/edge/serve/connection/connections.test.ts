import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import t from 'tap';
import { ClientLimits } from '../../../../../edge/serve/connection/client-limits.ts';
import { Connections, limitsFor } from '../../../../../edge/serve/connection/connections.ts';

class Connection extends EventEmitter {
  bytesRead = 0;
  bytesWritten = 0;
  isOpen = true;
  readonly remoteAddress: string;

  constructor(remoteAddress: string) {
    super();
    this.remoteAddress = remoteAddress;
  }

  destroy(): void {
    this.isOpen = false;
    this.emit('close');
  }
}

function setUp() {
  const clients = new ClientLimits({ connections: 2, requestsPerSecond: null });
  const connections = new Connections(3, clients);
  return (address: string) => {
    const connection = new Connection(address);
    connections.admit(connection as unknown as Socket);
    return connection;
  };
}

t.test('those of one client', async (t) => {
  const open = setUp();
  const first = open('a');
  open('a');
  t.notOk(open('a').isOpen);
  first.destroy();
  t.ok(open('a').isOpen);
});

t.test('one that has been still makes room', async (t) => {
  const open = setUp();
  const [busy, still, other] = [open('a'), open('b'), open('c')];
  busy.bytesRead = 100;
  t.ok(open('d').isOpen);
  t.same([busy.isOpen, still.isOpen, other.isOpen], [true, false, true]);
  other.bytesWritten = 5;
  t.ok(open('e').isOpen);
  t.same([busy.isOpen, other.isOpen], [false, true], 'it was looked at before, and has been still since');
});

t.test('a reader who is active stays where all others have been served once', async (t) => {
  const open = setUp();
  const reader = open('a');
  for (const address of ['b', 'c', 'd', 'e', 'f']) {
    reader.bytesRead++;
    open(address).bytesWritten++;
    t.ok(reader.isOpen);
  }
});

t.test('where all are busy one goes all the same', async (t) => {
  const open = setUp();
  const all = [open('a'), open('b'), open('c')];
  for (const connection of all) connection.bytesRead++;
  t.ok(open('d').isOpen);
  t.equal(all.filter(({ isOpen }) => isOpen).length, 2);
});

t.test('what a process takes on follows its descriptors', async (t) => {
  t.match(limitsFor(Number.POSITIVE_INFINITY), { connections: 12_000, exchanges: { bodies: 4096 } });
  t.match(limitsFor(1024), { connections: 512, exchanges: { bodies: 256, clientBodies: 256 } });
});
