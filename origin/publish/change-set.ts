export interface ChangeSet {
  /** The revision that the changes apply to. Undefined when the change set is a whole tree. */
  readonly base: number | undefined;
  readonly message: string;
  readonly restores: number | null;
  readonly deploy: string | null;
  overlay(revision: number, time: number): Promise<void>;
}
