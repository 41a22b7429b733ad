import { MOST_WEBHOOKS } from '../../../origin/catalog/limits.ts';
import type { Theme } from './harness.ts';

const webhook = (name: string, changes = {}) => ({
  ...{ name, url: 'https://example.com/hook', kinds: null, site: null, secret: 'whsec_a' },
  ...changes,
});

export function webhooksContract({ suite }: Theme): void {
  suite('webhooks begin with what happens next, and keep their place', async (t, catalog) => {
    t.strictSame(await catalog.webhooks(), []);
    await catalog.addEvents([{ kind: 'purge', time: 1, cause: {}, what: {} }]);
    const newest = await catalog.newestEvent();
    const made = await catalog.putWebhook(webhook('b', { kinds: ['purge'], site: 'docs' }));
    t.match(made, { ...webhook('b', { kinds: ['purge'], site: 'docs' }), cursor: newest });
    await catalog.putWebhook(webhook('a'));
    t.strictSame(
      (await catalog.webhooks()).map(({ name }) => name),
      ['a', 'b'],
    );
    await catalog.moveWebhook(made.id, newest + 5);
    const changed = await catalog.putWebhook(
      webhook('b', { url: 'https://example.com/new', secret: 'whsec_b' }),
    );
    t.strictSame(changed, {
      ...webhook('b', { url: 'https://example.com/new', secret: 'whsec_b' }),
      ...{ id: made.id, cursor: newest + 5 },
    });
    t.strictSame((await catalog.webhooks())[1], changed);
  });

  suite('a webhook that is made again is another one', async (t, catalog) => {
    const first = await catalog.putWebhook(webhook('a'));
    await catalog.deleteWebhook('a');
    await t.rejects(catalog.deleteWebhook('a'), { code: 'no-such-webhook' });
    const second = await catalog.putWebhook(webhook('a'));
    await catalog.moveWebhook(first.id, 99);
    t.strictSame(await catalog.webhooks(), [second]);
  });

  suite('there is a limit of webhooks', async (t, catalog) => {
    for (let i = 0; i < MOST_WEBHOOKS; i++) await catalog.putWebhook(webhook(`w${i}`));
    await t.rejects(catalog.putWebhook(webhook('more')), { code: 'too-many-webhooks' });
    await t.resolves(catalog.putWebhook(webhook('w0', { site: 'docs' })));
  });
}
