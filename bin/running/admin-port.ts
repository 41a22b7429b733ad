import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EDGE_ADMIN_TOKEN_FILE } from '../../edge/admin/admin-token.ts';
import { SkerryError } from '../../shared/errors.ts';
import { refuseClearText } from '../../shared/http/clear-text.ts';
import { isLoopback } from '../../shared/http/loopback.ts';
import { ANSWER_BOUNDS, parseJson } from '../../shared/json/bounded-json.ts';
import { answerText } from '../../shared/json/whole-body.ts';
import { fromProblem, PROBLEM_BYTES } from '../../shared/wire/problem.ts';
import type { AdminFlags } from '../options/admin-command.ts';
import { namedToken } from '../options/named-token.ts';

/** The address of an admin port, and the token for it. */
export interface AdminPort {
  readonly url: string;
  readonly token?: string | undefined;
}

/** Throws `clear-text` if the token would travel unencrypted to another machine, unless `insecure` allows that. */
export async function adminPort({ admin, adminToken, data, insecure }: AdminFlags): Promise<AdminPort> {
  const url = URL.canParse(admin) ? new URL(admin) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new SkerryError('bad-config', `${JSON.stringify(admin)} is not the URL of an admin port`);
  if (adminToken === undefined)
    return {
      url: url.href,
      token: isLoopback(url.hostname.replace(/^\[|\]$/g, '')) ? localToken(data) : undefined,
    };
  if (!insecure) refuseClearText(url.origin, 'the token');
  return { url: url.href, token: await namedToken(adminToken) };
}

function localToken(data: string): string | undefined {
  try {
    return readFileSync(join(data, EDGE_ADMIN_TOKEN_FILE), 'utf8').trim();
  } catch {
    // There is no token file. If the edge requires a token, its response says so.
    return undefined;
  }
}

/** Sends one request to an edge's admin port. */
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
