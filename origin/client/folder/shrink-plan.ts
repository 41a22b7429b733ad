/** How many files a site shows, and how many it would show after a publish. */
export interface SizeChange {
  readonly before: number;
  readonly after: number;
}

/** Whether a change looks like a mistake, or a build under way, rather than what somebody wants readers to see. */
export type ShrinkRule = (change: SizeChange) => boolean;

const HELD = { share: 0.3, files: 10 };
const REFUSED = { share: 0.8 };

/** What `skerry publish` refuses. Files under new names make up for those that go, as after each build. */
export const refusesShrinking: ShrinkRule = ({ before, after }) =>
  after === 0 || before - after > before * REFUSED.share;

/** What `skerry watch` holds back: it publishes whatever it sees, and so sees folders that are being built. */
export const holdsShrinking: ShrinkRule = ({ before, after }) => {
  const removed = before - after;
  return after === 0 || (removed > HELD.files && removed > before * HELD.share);
};

/** With `--allow-shrink`. */
export const allowsShrinking: ShrinkRule = () => false;
