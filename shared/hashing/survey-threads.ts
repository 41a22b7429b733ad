import { availableParallelism } from 'node:os';
import { moduleUrl } from '../process/module-url.ts';
import { startThreads, type Thread } from '../process/thread.ts';
import type { Surveys } from './survey.worker.ts';

export type SurveyThreads = Thread<Surveys>;

/** More would wait for the disk, and each takes 15 MB. */
const MOST = 4;

/** Threads that read files through: for digests, sizes, chunks and faults of rules. */
export function startSurveyThreads(threads = Math.min(MOST, availableParallelism())): SurveyThreads {
  return startThreads<Surveys>(moduleUrl('./survey.worker', import.meta.url), threads, undefined);
}
