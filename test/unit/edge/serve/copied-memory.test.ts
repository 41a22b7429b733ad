import t from 'tap';
import { CopiedMemory } from '../../../../edge/serve/copied-memory.ts';

const copied = new CopiedMemory(100);
const first = copied.take(60);
t.ok(first);
t.equal(copied.take(60), undefined, 'no more than there may be');
t.ok(copied.take(40));
first?.();
t.ok(copied.take(60), 'a reader has made room');
t.end();
