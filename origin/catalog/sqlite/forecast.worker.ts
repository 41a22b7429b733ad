import { workerData } from 'node:worker_threads';
import { serveCalls } from '../../../shared/process/thread.ts';
import { openForReading } from '../../../shared/sqlite/open.ts';
import { forecastOf } from './forecast.ts';

const calls = {
  forecast(time: number) {
    const database = openForReading((workerData as unknown as { file: string }).file);
    try {
      return forecastOf(database, time);
    } finally {
      database.close();
    }
  },
};

export type ForecastCalls = typeof calls;

export default serveCalls(calls);
