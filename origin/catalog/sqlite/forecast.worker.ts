import { workerData } from 'node:worker_threads';
import { serveCalls } from '../../../shared/process/served-calls.ts';
import { openForReading } from '../../../shared/sqlite/open.ts';
import type { PastReads } from '../retention-calls.ts';
import { forecastOf } from './forecast.ts';

export type ForecastCalls = Pick<PastReads, 'forecast'>;

const calls: ForecastCalls = {
  forecast(going, limits) {
    const database = openForReading((workerData as unknown as { file: string }).file);
    try {
      return forecastOf(database, going, limits);
    } finally {
      database.close();
    }
  },
};

export default serveCalls(calls);
