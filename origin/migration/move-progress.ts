import type { MigrationStatus } from '../../shared/wire/store-api.ts';
import type { StoredAmount } from '../catalog/damage-calls.ts';

type Progress = NonNullable<MigrationStatus['progress']>;

/** How far a move is that has compared or copied `moved` of `all` in `ms`. Uploads may add to `all` meanwhile. */
export function moveProgress(moved: StoredAmount, all: StoredAmount, ms: number): Progress {
  const left = {
    objects: Math.max(0, all.objects - moved.objects),
    bytes: Math.max(0, all.bytes - moved.bytes),
  };
  const rate = ms > 0 ? moved.bytes / ms : 0;
  return {
    ...moved,
    left,
    bytesPerSecond: Math.round(rate * 1000),
    secondsLeft: rate === 0 ? null : Math.round(left.bytes / rate / 1000),
  };
}
