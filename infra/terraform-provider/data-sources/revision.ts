import type { DataSource } from '../resources/resource.ts';
import { numberOrNull, text } from '../values/reading.ts';

export const revisionData: DataSource = {
  description: 'A revision of a site, and the edges that have confirmed it.',
  attributes: {
    site: { description: 'The name of the site.', presence: 'required', type: 'string' },
    revision: { description: 'The number of the revision.', presence: 'required', type: 'number' },
    root: {
      description: 'The root digest that the origin has signed.',
      presence: 'computed',
      type: 'string',
    },
    message: { description: 'The note of its publisher.', presence: 'computed', type: 'string' },
    state: {
      description: 'Its state, as `skerry revisions` shows it.',
      presence: 'computed',
      type: 'string',
    },
    confirmed_by: {
      description: 'The edges that have signed a receipt for it.',
      ...{ presence: 'computed', type: ['list', 'string'] },
    },
  },
  async read(config, context) {
    const client = await context.client();
    const found = await client.revision(text(config.site), numberOrNull(config.revision) ?? 0);
    const { root, message, state, receipts } = found;
    const confirmed = [...new Set(receipts.map(({ edge }) => edge))].sort();
    return { ...config, root, message, state, confirmed_by: confirmed };
  },
};
