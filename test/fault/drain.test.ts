import t from 'tap';
import { drainUnderLoad } from './drain.ts';

// This is a sample. `npm run test:drain` asks for more requests, and for longer.
t.test('an edge is drained, restarted and brought back, and no request fails', async (t) => {
  const faults = await drainUnderLoad({ rate: 100, seconds: 0.3, tell: (line) => t.comment(line) });
  t.strictSame(faults, []);
});
