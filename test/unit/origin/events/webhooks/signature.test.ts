import { Webhook } from 'standardwebhooks';
import t from 'tap';
import { newSecret, signedHeaders } from '../../../../../origin/events/webhooks/signature.ts';

t.test('receivers of Standard Webhooks accept what is signed, and nothing else', async (t) => {
  const secret = newSecret();
  const body = JSON.stringify({ type: 'purge', data: { ö: 1 } });
  const headers = signedHeaders(secret, { id: 'evt_1_2', time: Date.now(), body });
  t.strictSame(new Webhook(secret).verify(body, headers), JSON.parse(body));
  t.throws(() => new Webhook(newSecret()).verify(body, headers));
  t.throws(() => new Webhook(secret).verify(`${body} `, headers));
  t.throws(() => new Webhook(secret).verify(body, { ...headers, 'webhook-id': 'evt_2_2' }));
});

t.test('the example of the specification', async (t) => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const headers = signedHeaders(secret, {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    time: 1_614_265_330_000,
    body: '{"test": 2432232314}',
  });
  t.strictSame(headers, {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});
