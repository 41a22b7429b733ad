import type { Target } from './target.ts';

export interface Server {
  readonly host: string;
  readonly port: number;
}

export interface Outcome {
  /** How the attack was refused, as a text for the table. */
  readonly refused: string;
  /** What the attack got and should not have got, such as another site's name. Undefined when it got nothing. */
  readonly gained?: string | undefined;
}

export interface Attack {
  readonly name: string;
  /** The number by which `--points` selects the attack. */
  readonly point: string;
  run(target: Target): Promise<Outcome>;
  /** Sends the same bytes to a bare server, for comparison. */
  bytes?(server: Server): Promise<unknown>;
}
