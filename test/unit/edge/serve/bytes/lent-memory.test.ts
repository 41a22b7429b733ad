import t from 'tap';
import { LentMemory } from '../../../../../edge/serve/bytes/lent-memory.ts';

const lent = new LentMemory(100);
const a = Buffer.alloc(60);
const b = Buffer.alloc(60);
const first = lent.lend(a);
const second = lent.lend(a);
t.ok(first && second, 'the same memory counts once');
t.equal(lent.lend(b), undefined, 'no more than there may be');
first?.();
t.equal(lent.lend(b), undefined, 'another reader has it still');
second?.();
t.ok(lent.lend(b));
t.end();
