import { join } from 'node:path';
import type { Command } from 'commander';
import type { ApiClient } from '../../origin/client/api-client.ts';
import type { KeyFingerprint } from '../../shared/signing/keys.ts';
import type { Finding } from '../doctor/finding.ts';
import { type ClientOptions, localToken, readingCommand } from '../options/client-command.ts';
import { interruption } from '../terminal/interruption.ts';
import { printJson, printLine } from '../terminal/output.ts';
import { AlreadyExplained } from '../terminal/report-error.ts';

export function doctorCommand(): Command {
  return readingCommand(
    'doctor',
    'find out what is wrong between this machine and the origin: name, connection, certificate, clock, token, proxies',
  ).action(async (options: ClientOptions & { readonly json?: boolean }, command: Command) => {
    const findings: Finding[] = [];
    const isOriginGiven = command.getOptionValueSource('origin') !== 'default';
    for await (const finding of findingsFor(options, isOriginGiven)) {
      findings.push(finding);
      if (!options.json) printFinding(finding);
    }
    const isWell = findings.every(({ state }) => state === 'ok');
    if (options.json) printJson({ isWell, findings });
    else if (isWell) printLine('nothing is wrong');
    if (!isWell) throw new AlreadyExplained();
  });
}

async function* findingsFor(options: ClientOptions, isOriginGiven: boolean): AsyncGenerator<Finding> {
  const signal = interruption();
  const { examine } = await import('../doctor/examine.ts');
  const { faultBy, ok } = await import('../doctor/finding.ts');
  const { ApiClient } = await import('../../origin/client/api-client.ts');
  const { readIdentity } = await import('../../edge/follow/upstream/identity.ts');
  let client: ApiClient | undefined;
  try {
    const identity = await readIdentity(join(options.data, 'identity.json'));
    const token = options.token ?? localToken(options.data);
    const ca = options.ca === undefined ? undefined : await authoritiesIn(options.ca);
    const origin = new URL(isOriginGiven || identity === undefined ? options.origin : identity.origin);
    // A join token does not work for the API, but it contains the fingerprint of the origin's recovery key.
    const isForApi = token !== undefined && !token.startsWith('skj_');
    client = new ApiClient(origin.href, isForApi ? token : undefined, signal, {
      insecure: options.insecure === true,
      ca,
    });
    yield ok('address', `the origin is ${origin.origin}`);
    const trust = { ca, recovery: (await recoveryIn(token)) ?? identity?.recovery };
    let isReached = true;
    for await (const finding of examine({
      ...{ origin, trust, client: isForApi ? client : undefined, signal, now: Date.now },
    })) {
      isReached &&= finding.state === 'ok' || !GROUNDS.includes(finding.subject);
      yield finding;
    }
    if (!isReached || identity === undefined) return;
    const { membership } = await import('../doctor/membership.ts');
    const { systemClock: clock } = await import('../../shared/clock.ts');
    yield await membership({ data: options.data, identity, origin: origin.href, ca, clock, signal });
  } catch (error) {
    yield faultBy('address', error);
  } finally {
    await client?.close();
  }
}

/** If one of these checks finds a fault, no request reaches the origin. */
const GROUNDS: readonly Finding['subject'][] = ['name', 'connection', 'answer'];

async function authoritiesIn(file: string): Promise<string> {
  return (await import('../../shared/tls/ca-file.ts')).readAuthorities(file);
}

async function recoveryIn(token: string | undefined): Promise<KeyFingerprint | undefined> {
  const { parseApiToken } = await import('../../shared/wire/api-token.ts');
  const { parseJoinToken } = await import('../../shared/wire/join-proof.ts');
  return token === undefined
    ? undefined
    : (parseApiToken(token)?.fingerprint ?? parseJoinToken(token)?.fingerprint);
}

function printFinding({ subject, state, text, hint }: Finding): void {
  printLine(`${state === 'ok' ? 'ok   ' : 'FAULT'}  ${subject.padEnd(10)}  ${text}`);
  if (hint !== undefined) printLine(`                   ${hint}`);
}
