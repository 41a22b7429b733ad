import { workerData } from 'node:worker_threads';
import { serveCalls } from '../process/served-calls.ts';
import { openReportCheck } from './report-check.ts';

export default serveCalls(openReportCheck((workerData as unknown as { log: string }).log));
