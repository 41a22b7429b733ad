import type { EventPage } from '../../../shared/wire/event.ts';
import type { NewToken, Token } from '../../../shared/wire/token-api.ts';
import type { Webhook } from '../../../shared/wire/webhook.ts';
import type { Examples } from './example.ts';

const made: NewToken = {
  id: '516e9e403d8c',
  token: 'sk_516e9e403d8c.SECRET.bb03e1522d1cfc73385abbe0ddd68dc5',
};

const token: Token = {
  id: '516e9e403d8c',
  scope: 'publish:docs@pr-*',
  edge: null,
  created: 1_795_945_951_643,
  expires: 1_798_537_951_643,
  used: 1_795_945_960_019,
  state: 'valid',
};

const events: EventPage = {
  events: [
    {
      id: 15,
      time: 1_795_945_951_776,
      kind: 'publish',
      site: 'docs',
      cause: { token: '516e9e403d8c', scope: 'publish:docs', address: '192.0.2.7' },
      what: { revision: 12, message: 'new start page' },
    },
  ],
  next: 14,
  more: true,
};

const webhook: Webhook = {
  name: 'chat',
  url: 'https://chat.example/hook',
  kinds: ['publish'],
  site: 'docs',
  delivered: 16,
  failing: null,
};

export const accessExamples: Examples = {
  'GET /v1/events': { answer: events },
  'GET /v1/audit': { answer: events },
  'POST /v1/tokens': { request: { scope: 'publish:docs@pr-*', expires: 2_592_000 }, answer: made },
  'GET /v1/tokens': { answer: { tokens: [token] } },
  'POST /v1/tokens/{id}/rotate': { request: { overlap: 3600 }, answer: made },
  'GET /v1/webhooks': { answer: { webhooks: [webhook] } },
  'GET /v1/webhooks/{name}': { answer: webhook },
  'PUT /v1/webhooks/{name}': {
    request: { url: 'https://chat.example/hook', kinds: ['publish'], site: 'docs' },
    answer: { ...webhook, secret: 'whsec_SECRET' },
  },
};
