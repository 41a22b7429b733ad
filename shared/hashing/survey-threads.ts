import { availableParallelism } from 'node:os';
import { moduleUrl } from '../process/module-url.ts';
import { startThreads, type Thread } from '../process/thread.ts';
import type { Surveys } from './survey.worker.ts';

export type SurveyThreads = Thread<Surveys>;

/** More threads would wait for the disk, and each takes 15 MB. */
const MOST = 4;

/** Starts threads that read whole files to find digests, sizes, chunks and faults in rules. */
export function startSurveyThreads(threads = Math.min(MOST, availableParallelism())): SurveyThreads {
  return startThreads<Surveys>(moduleUrl('./survey.worker', import.meta.url), threads, undefined);
}
