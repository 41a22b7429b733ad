import t from 'tap';
import { toSkerryError } from '../../../../shared/errors.ts';
import { MAX_REPORT_BYTES, type SignedReport } from '../../../../shared/wire/protocol.ts';
import { joinAsMember } from '../../../fault/attacks/members.ts';
import { loneOrigin } from '../../../helpers/lone-origin.ts';

const { signal } = new AbortController();

t.test('a member has only so much read that is refused', async (t) => {
  const origin = await loneOrigin(t);
  const [bad, honest] = [await joinAsMember(origin, 'bad'), await joinAsMember(origin, 'honest')];
  t.teardown(() => Promise.all([bad.upstream.close(), honest.upstream.close()]));
  const forged: SignedReport = { edge: 'bad', text: 'x'.repeat(MAX_REPORT_BYTES), sig: 'A'.repeat(86) };
  const send = ({ upstream, self }: typeof bad) =>
    upstream.report(self, [{ ...forged, edge: 'another' }], signal).then(
      () => 'ok',
      (error) => toSkerryError(error).code,
    );
  const codes: string[] = [];
  for (let i = 0; i < 40; i++) codes.push(await send(bad));
  t.equal(codes[0], 'bad-request');
  t.equal(codes.at(-1), 'too-many-requests', 'and is not read');
  t.equal(await send(honest), 'bad-request', 'others have their own');
});
