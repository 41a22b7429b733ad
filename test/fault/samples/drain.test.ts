import t from 'tap';
import { drainUnderLoad } from '../drain.ts';

// This is a sample. `npm run test:drain` asks for more requests, and restarts the drained edge without its origin.
t.test('an edge is drained and brought back, and no request fails', async (t) => {
  const faults = await drainUnderLoad({
    ...{ rate: 100, seconds: 0.2, readers: 14, processes: 1, isQuick: true },
    tell: (line) => t.comment(line),
  });
  t.strictSame(faults, []);
});
