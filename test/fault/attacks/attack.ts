import type { Target } from './target.ts';

export interface Server {
  readonly host: string;
  readonly port: number;
}

export interface Outcome {
  /** How the attack was refused, for the table. */
  readonly refused: string;
  /** What it got that it should not have, such as another's name; undefined when it got nothing. */
  readonly gained?: string | undefined;
}

export interface Attack {
  readonly name: string;
  /** Of the list of what attackers met. */
  readonly point: string;
  run(target: Target): Promise<Outcome>;
  /** The bytes of an attack on an HTTP port, for a bare server beside it. */
  bytes?(server: Server): Promise<unknown>;
}
