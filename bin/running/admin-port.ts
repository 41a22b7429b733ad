import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { EDGE_ADMIN_TOKEN_FILE } from '../../edge/admin/admin-token.ts';
import { refuseClearText } from '../../origin/client/clear-text.ts';
import { SkerryError } from '../../shared/errors.ts';
import { isLoopback } from '../../shared/http/loopback.ts';
import { ANSWER_BOUNDS, parseJson } from '../../shared/json/bounded-json.ts';
import { answerText } from '../../shared/json/whole-body.ts';
import { fromProblem, PROBLEM_BYTES } from '../../shared/wire/problem.ts';
import { DEFAULT_DATA } from '../options/client-command.ts';
import { namedToken } from '../options/named-token.ts';
import { option } from '../options/options.ts';

export interface AdminFlags {
  readonly admin: string;
  readonly adminToken?: string;
  readonly data: string;
  readonly insecure?: boolean;
}

/** The flags of a command that talks to an admin port. */
export function withAdminOptions(command: Command): Command {
  return command
    .addOption(option('--admin <url>', 'the admin port of the edge').default('http://127.0.0.1:7599'))
    .addOption(
      option(
        '--admin-token <token>',
        'the token of the admin port, @FILE or - for standard input (default: the one in the data folder of an edge on this machine)',
      ),
    )
    .addOption(option('--data <dir>', 'the data folder of an edge on this machine').default(DEFAULT_DATA))
    .addOption(
      option(
        '--insecure',
        'send the token unencrypted to an edge on another machine, because something else protects the connection',
      ),
    );
}

/** An admin port, and what lets in there. */
export interface AdminPort {
  readonly url: string;
  readonly token?: string | undefined;
}

/** Throws `clear-text` rather than to send a token where others could hear it, unless that is said to be well. */
export async function adminPort({ admin, adminToken, data, insecure }: AdminFlags): Promise<AdminPort> {
  const url = URL.canParse(admin) ? new URL(admin) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new SkerryError('bad-config', `${JSON.stringify(admin)} is not the URL of an admin port`);
  if (adminToken === undefined)
    return {
      url: url.href,
      token: isLoopback(url.hostname.replace(/^\[|\]$/g, '')) ? localToken(data) : undefined,
    };
  if (!insecure) refuseClearText(url.origin);
  return { url: url.href, token: await namedToken(adminToken) };
}

function localToken(data: string): string | undefined {
  try {
    return readFileSync(join(data, EDGE_ADMIN_TOKEN_FILE), 'utf8').trim();
  } catch {
    // Not there: the edge says whether it needs one.
    return undefined;
  }
}

/** Has one edge do something, over its admin port. */
export async function askAdmin<T>(
  { url, token }: AdminPort,
  path: string,
  body: object,
  signal: AbortSignal,
): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(new URL(path, url), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal,
    });
  } catch (cause) {
    throw new SkerryError('edge-unreachable', `no answer from the admin port ${url}`, { cause });
  }
  if (!answer.ok) throw fromProblem(answer.status, await answerText(answer.body, PROBLEM_BYTES), 'internal');
  return parseJson(
    await answerText(answer.body, ANSWER_BOUNDS.length),
    'upstream-protocol',
    ANSWER_BOUNDS,
  ) as T;
}
