import type { SurveyThreads } from '../../shared/hashing/survey-threads.ts';

/** Threads that read files through for a command: when it is interrupted, they end in the middle of a file. */
export async function interruptedSurveys(signal: AbortSignal): Promise<SurveyThreads> {
  const { startSurveyThreads } = await import('../../shared/hashing/survey-threads.ts');
  const surveys = startSurveyThreads();
  signal.addEventListener('abort', () => void surveys.stop(), { once: true });
  return surveys;
}
