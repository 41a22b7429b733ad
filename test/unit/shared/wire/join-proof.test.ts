import t from 'tap';
import { signText } from '../../../../shared/signing/keys.ts';
import {
  greetingText,
  joinedText,
  joinText,
  parseJoinToken,
  provesSecret,
  secretHash,
  secretProof,
} from '../../../../shared/wire/join-proof.ts';
import { checkRegion } from '../../../../shared/wire/region.ts';
import { edgeKey, LOG, originKey } from '../fixed-keys.ts';

const token = parseJoinToken(
  'skj_00112233aabb.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.34750f98bd59fcfc946da45aaabe933b',
);
const edgeNonce = 'AAECAwQFBgcICQoLDA0ODw';
const nonce = 'EBESExQVFhcYGRobHB0eHw';
const place = { name: 'oslo-1', region: 'eu-north', lat: 59.9, lon: 10.7, labels: ['canary', 'ssd'] };
const members = [{ name: 'oslo-1', publicKey: edgeKey.publicKey }];
const asked = { token: '00112233aabb', ...place, publicKey: edgeKey.publicKey, edgeNonce, nonce };

t.test('the texts and proofs are the frozen ones', async (t) => {
  if (token === undefined) return t.fail('that is a join token');
  const text = joinText(LOG, asked);
  t.strictSame(
    {
      greeting: greetingText(LOG, 1, edgeNonce, nonce),
      greetingSig: signText(originKey, greetingText(LOG, 1, edgeNonce, nonce)),
      text,
      proof: secretProof(token.secret, text),
      sig: signText(edgeKey, text),
      joined: joinedText(LOG, text, 2, members),
      joinedSig: signText(originKey, joinedText(LOG, text, 2, members)),
    },
    {
      greeting:
        '["skerry-join-hello-1","0123456789abcdef0123456789abcdef",1,"AAECAwQFBgcICQoLDA0ODw","EBESExQVFhcYGRobHB0eHw"]',
      greetingSig: 'qWCEnWFRO5eOQv_aARyNhdfkl5ZgfUsN6tPZmt9JB59Fld_sQIAh1F9aee5X9OpQ5PC7lvoG25yx2QbpfF7qBw',
      text:
        '["skerry-join-1","0123456789abcdef0123456789abcdef","00112233aabb","oslo-1","eu-north",59.9,10.7,["canary","ssd"],' +
        '"7UkoxijRwsbq6QM4kFmVYSlZJzpcY_k2NsFGFKyHN9E","AAECAwQFBgcICQoLDA0ODw","EBESExQVFhcYGRobHB0eHw"]',
      proof: 'BHm29v4ztZ4dJXDClnO0yo_KhK1gNXmvj3JnHC0zX-w',
      sig: 'ZI-zBPwB2iCfWr4aui2iuDPIGwOepxtIhwXkg9mbMs8RkaoDX95XFpy7v7gj0pe_fCvYPkGwD1Q7Rs5or3qJDA',
      joined:
        '["skerry-joined-1","0123456789abcdef0123456789abcdef",' +
        '"5a74ae01eb85f6432b77481c9af14998f0d2dc6d4b250b3604fb81eb21903177",2,' +
        '"965ccaad50a9e37eddb403cd511103731b1bcd18b317a9936749228b883bb17d"]',
      joinedSig: 'WFW1Rd5U-qdY_7qxVeJTyqIy9nV8Xcq2JQ-mXA30afuwLVobxLJNBjBbsr1-Jft1NMOZsQixmE3QN9SOzvrTCw',
    },
  );
});

t.test('a secret is proven for one text, to who keeps its hash', async (t) => {
  const secret = 'x'.repeat(32);
  const kept = secretHash(secret);
  const proof = secretProof(secret, 'a');
  t.ok(provesSecret(kept, 'a', proof));
  t.notOk(provesSecret(kept, 'b', proof));
  t.notOk(provesSecret(secretHash('y'.repeat(32)), 'a', proof));
  t.notOk(provesSecret(kept, 'a', secretProof('y'.repeat(32), 'a')));
  for (const other of ['', 'A', 'A'.repeat(43), `${proof}AAAA`, '\u0000'])
    t.notOk(provesSecret(kept, 'a', other));
  t.not(secretProof(secret, 'b'), proof);
  t.notOk(provesSecret(kept, 'a', kept.toString('base64url')), 'what is kept is no proof');
});

t.test('regions', async (t) => {
  for (const region of ['eu-west', 'Øst for sol', '東京', '🏔️', 'a']) t.equal(checkRegion(region), region);
  for (const region of [
    '\u001b[31mred',
    'a\nb',
    'a\u0000',
    'a\u007f',
    'a\u009b31m',
    '\u202eabc',
    'a\u2066b',
    '\u200fa',
    '\ud800',
    'a\u2028b',
  ])
    t.throws(
      () => checkRegion(region),
      { code: 'bad-request', message: /U\+[0-9A-F]{4}/ },
      encodeURIComponent(region.toWellFormed()),
    );
});
