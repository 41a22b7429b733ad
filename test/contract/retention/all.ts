import { type RetentionTheme, retentionTheme } from './harness.ts';
import { logRetention } from './log.ts';
import { objectsRetention } from './objects.ts';
import { revisionsRetention } from './revisions.ts';
import { runsRetention } from './runs.ts';

/** What every catalog must do to let go of the past. */
export function retentionContract(name: string, place: RetentionTheme['place']): void {
  const theme = retentionTheme(name, place);
  revisionsRetention(theme);
  objectsRetention(theme);
  runsRetention(theme);
  logRetention(theme);
}
