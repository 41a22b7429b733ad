import type { Clock } from '../../../shared/clock.ts';
import { SkerryError } from '../../../shared/errors.ts';
import type { PublicKey, SigningKey } from '../../../shared/signing/keys.ts';
import { parseJoinToken } from '../../../shared/wire/join-proof.ts';
import type { EdgeCatalog } from '../../store/catalog.ts';
import { type Identity, writeIdentity } from './identity.ts';
import { type JoinOptions, join } from './join.ts';
import { Upstream } from './upstream.ts';

export interface FirstJoin {
  /** Needed only at the first start. */
  readonly options: (Omit<JoinOptions, 'token'> & { readonly token: () => Promise<string> }) | undefined;
  readonly key: SigningKey;
  readonly catalog: Pick<EdgeCatalog, 'begin'>;
  readonly identityFile: string;
  readonly ca: string | undefined;
  readonly clock: Clock;
}

/** Joins the log at the first start of an edge, and stores the edge's identity. */
export async function joinLog({
  options,
  key,
  catalog,
  identityFile,
  ca,
  clock,
}: FirstJoin): Promise<Identity> {
  if (options === undefined)
    throw new SkerryError('bad-config', 'a first start needs --origin, --join, --name and --region');
  const { origin, name, region } = options;
  const token = await options.token();
  // An edge may also join through a parent, whose key it cannot know yet. So it accepts any key at first. The join
  // verifies the origin even through a parent. The origin's answer then lists the members, and the key must belong to
  // one of them.
  const shown = new Set<PublicKey>();
  const memberOf = (member: PublicKey) => {
    shown.add(member);
    return null;
  };
  const trust = { ca, recovery: parseJoinToken(token)?.fingerprint, memberOf };
  const first = new Upstream({ url: origin, isOrigin: true }, clock, { trust });
  try {
    const { chain, members } = await join(first, { ...options, token }, key, new AbortController().signal);
    if (![...shown].every((each) => members.some(({ publicKey }) => publicKey === each)))
      throw new SkerryError(
        'not-a-member',
        `the certificate of ${first.url} belongs to no member of this log`,
      );
    await catalog.begin(chain);
    const joined = { name, region, origin, members, recovery: chain.recovery };
    await writeIdentity(identityFile, joined);
    return joined;
  } finally {
    await first.close();
  }
}
