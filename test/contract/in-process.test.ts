import { InProcessGate } from '../../shared/concurrency/gate.ts';
import { KeyedLock } from '../../shared/concurrency/keyed-lock.ts';
import { Wakeup } from '../../shared/concurrency/wakeup.ts';
import { gateContract } from './gate.ts';
import { siteLockContract } from './site-lock.ts';
import { wakeupSourceContract } from './wakeup-source.ts';

siteLockContract('KeyedLock', async () => {
  const lock = new KeyedLock<number>();
  return [lock, lock];
});

gateContract('InProcessGate', async () => {
  const gate = new InProcessGate();
  return [gate, gate];
});

wakeupSourceContract('Wakeup', async () => {
  const wakeup = new Wakeup();
  return { source: wakeup, wake: async () => wakeup.wake() };
});
