import type { SigningKey } from '../../shared/signing/keys.ts';
import { receiverText, requestProof } from '../../shared/wire/request-proof.ts';
import { type Answer, type Asked, ask } from './http.ts';

/** An edge that has joined, as far as its feed can tell. */
export interface Member {
  readonly name: string;
  readonly key: SigningKey;
  readonly log: string;
}

export async function helloOf(url: string): Promise<{ edge: string | null; nonce: string }> {
  return JSON.parse((await ask(url, '/feed/v1/hello')).body.toString()) as {
    edge: string | null;
    nonce: string;
  };
}

/** The headers of a request that a member proves to the feed at `url`, or to the given receiver. */
export async function provenHeaders(
  { log, ...edge }: Member,
  url: string,
  target: string,
  { method = 'GET', body, headers = {} }: Asked = {},
  receiver: { edge?: string | null; nonce?: string } = {},
): Promise<Record<string, string>> {
  const hello = { ...(await helloOf(url)), ...receiver };
  const to = receiverText(log, hello.edge);
  const text = body === undefined ? undefined : String(body);
  const { nonce } = hello;
  const proof = requestProof(edge, { method, target, to, nonce, range: headers.range, body: text });
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  return { ...type, ...headers, ...proof };
}

/** Sends a request to a feed as a member. */
export async function askAs(
  member: Member,
  url: string,
  target: string,
  asked: Asked = {},
  receiver: { edge?: string | null; nonce?: string } = {},
): Promise<Answer> {
  const headers = await provenHeaders(member, url, target, asked, receiver);
  return ask(url, target, { ...asked, headers });
}
