import { Agent as AgentOfUndici, buildConnector as buildOfUndici } from 'undici';

/** Takes the place of undici's: everything speaks HTTP/2 where the server does. */
export class Agent extends AgentOfUndici {
  constructor(options: AgentOfUndici.Options) {
    super({ ...options, allowH2: true });
  }
}

export function buildConnector(options: buildOfUndici.BuildOptions): buildOfUndici.connector {
  return buildOfUndici({ ...options, allowH2: true });
}
