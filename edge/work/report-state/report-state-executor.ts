import { reportStateKind } from '../../../shared/work/report-state.ts';
import { type Executor, executor } from '../executor/executor.ts';
import { thisMachine } from './machine.ts';
import { type EdgeState, reportState } from './report-state.ts';

export interface ReportStateParts extends Pick<EdgeState, 'limits'> {
  readonly status: () => Promise<EdgeState['status']>;
  readonly storage: () => EdgeState['storage'];
  readonly newestLines: () => EdgeState['lines'];
}

export function reportStateExecutor(parts: ReportStateParts): Executor {
  return executor(reportStateKind, async (_args, { signal }) => {
    signal.throwIfAborted();
    const { limits, status, storage, newestLines } = parts;
    return reportState({
      ...{ limits, status: await status(), storage: storage(), lines: newestLines() },
      machine: thisMachine(),
    });
  });
}
