/** `npm run test:migrate -- [--kills N] [--seed S]`: needs an S3 server, see test/s3/radosgw.sh */
import { parseArgs } from 'node:util';
import { BUCKET, startRadosgw } from '../s3/radosgw.ts';
import { migrateRounds } from './migrate-rounds.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const tell = (line: string) => process.stdout.write(`${line}\n`);
tell(`seed ${values.seed}`);
const server = await startRadosgw();
try {
  const stores = [`s3://${BUCKET}/moved`, 'file:'];
  const { publishes, failedPublishes, kills, faults } = await migrateRounds(
    stores,
    Number(values.kills),
    Number(values.seed),
    tell,
  );
  tell(`${publishes} publishes acknowledged, ${failedPublishes} broken off, ${kills} kills`);
  for (const fault of faults) tell(`FAULT ${fault}`);
  tell(`${faults.length} faults`);
  process.exitCode = faults.length === 0 && kills === Number(values.kills) ? 0 : 1;
} finally {
  await server.close();
}
