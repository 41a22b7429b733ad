/** The number of files that a site shows, and the number that it would show after a publish. */
export interface SizeChange {
  readonly before: number;
  readonly after: number;
}

/** Whether a change looks like a mistake, or like an unfinished build, rather than a change to publish. */
export type ShrinkRule = (change: SizeChange) => boolean;

const HELD = { share: 0.3, files: 10 };
const REFUSED = { share: 0.8 };

/**
 * The rule of `skerry publish`. New files under other names make up for files that are removed, because each build
 * renames files in this way.
 */
export const refusesShrinking: ShrinkRule = ({ before, after }) =>
  after === 0 || before - after > before * REFUSED.share;

/** The rule of `skerry watch`. It publishes whatever it sees, so it also sees folders that are being built. */
export const holdsShrinking: ShrinkRule = ({ before, after }) => {
  const removed = before - after;
  return after === 0 || (removed > HELD.files && removed > before * HELD.share);
};

/** The rule of `--allow-shrink`. */
export const allowsShrinking: ShrinkRule = () => false;
