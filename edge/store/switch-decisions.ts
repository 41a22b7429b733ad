import { mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../shared/errors.ts';

/** What becomes of a switch for which serving processes hold still. */
export type SwitchDecision = 'switch' | 'stay';

const FOLDER = 'switches';

/**
 * Decides switches once for all processes of an edge. The first process that decides a switch creates a link that
 * names its decision, in one step, and every other process finds it.
 */
export class SwitchDecisions {
  readonly #folder: string;

  /** `data` is the data folder. */
  constructor(data: string) {
    this.#folder = join(data, FOLDER);
  }

  /** Forgets the decisions of processes that have ended. */
  clear(): void {
    rmSync(this.#folder, { recursive: true, force: true });
    mkdirSync(this.#folder);
  }

  /** Decides a switch, unless it is already decided. Returns the decision that counts. */
  decide(id: string, wanted: SwitchDecision): SwitchDecision {
    const link = join(this.#folder, id);
    try {
      symlinkSync(wanted, link);
      return wanted;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      return readlinkSync(link) === 'switch' ? 'switch' : 'stay';
    }
  }

  /** Forgets a switch for which no process holds still any longer. */
  forget(id: string): void {
    rmSync(join(this.#folder, id), { force: true });
  }
}
