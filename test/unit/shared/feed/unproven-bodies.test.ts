import t from 'tap';
import { joinAsMember } from '../../../fault/attacks/members.ts';
import { provenHeaders } from '../../../helpers/as-member.ts';
import { ask } from '../../../helpers/http.ts';
import { loneOrigin } from '../../../helpers/lone-origin.ts';

const REPORT = '/feed/v1/report';

// A body that nobody reads once ended the whole process, because nobody listened to its error.
for (const type of ['application/json', 'a type that no route takes']) {
  t.test(`a body other than the proven one is refused: ${type}`, async (t) => {
    const origin = await loneOrigin(t);
    const { upstream, self } = await joinAsMember(origin, 'bad');
    t.teardown(() => upstream.close());
    const asked = { method: 'POST', body: '[]', headers: { 'content-type': type } };
    const headers = await provenHeaders(self, origin.url, REPORT, asked);
    const { status } = await ask(origin.url, REPORT, { ...asked, body: '{}', headers });
    t.ok(status >= 400 && status < 500, `with ${status}`);
    t.equal((await ask(origin.url, '/healthz')).status, 200);
  });
}
