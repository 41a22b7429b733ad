/** `npm run test:broken -- [BREAKS] [SEED]` */
import { brokenPublishes } from './broken-publishes.ts';

const breaks = Number(process.argv[2] ?? 10);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const tell = (line: string) => process.stdout.write(`${line}\n`);

tell(`seed ${seed}`);
const { broken, publishes, sentBytes, faults } = await brokenPublishes(breaks, seed, tell);
tell(`${JSON.stringify(broken)}, ${publishes} trees, ${sentBytes} bytes sent, ${faults.length} faults`);
for (const fault of faults) tell(fault);
process.exit(faults.length === 0 ? 0 : 1);
