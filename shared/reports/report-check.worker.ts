import { workerData } from 'node:worker_threads';
import { serveCalls } from '../thread.ts';
import { openReportCheck } from './report-check.ts';

export default serveCalls(openReportCheck((workerData as unknown as { log: string }).log));
