import t from 'tap';
import { type CacheState, cacheStatus } from '../../../../../edge/serve/http/cache-status.ts';

t.test('Cache-Status says where the bytes were found (RFC 9211)', async (t) => {
  const missed = (found: 'all' | 'partial' | 'none', isCollapsed: boolean, tier: 'origin' | 'parent') =>
    ({ kind: 'missed', found: { found, isCollapsed, tier } }) as const;
  const table: [CacheState, string][] = [
    [{ kind: 'hit', tier: 'memory' }, 'Skerry; hit; detail=memory'],
    [{ kind: 'hit', tier: 'disk' }, 'Skerry; hit; detail=disk'],
    [missed('all', false, 'origin'), 'Skerry; hit; detail=disk'],
    [missed('none', false, 'origin'), 'Skerry; fwd=miss; stored; detail=origin'],
    [missed('none', true, 'parent'), 'Skerry; fwd=miss; stored; collapsed; detail=parent'],
    [missed('partial', false, 'parent'), 'Skerry; fwd=partial; stored; detail=parent'],
  ];
  for (const [state, expected] of table) t.equal(cacheStatus(state), expected);
});
