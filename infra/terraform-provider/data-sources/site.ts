import type { DataSource } from '../resources/resource.ts';
import { text } from '../values/reading.ts';

export const siteData: DataSource = {
  description: 'A site, and what is live.',
  attributes: {
    name: { description: 'The name of the site.', presence: 'required', type: 'string' },
    domains: { description: 'Its host names.', presence: 'computed', type: ['list', 'string'] },
    mode: { description: 'When edges switch to a revision.', presence: 'computed', type: 'string' },
    revision: {
      description: 'The live revision; 0 before the first publish.',
      presence: 'computed',
      type: 'number',
    },
    files: { description: 'The number of live files.', presence: 'computed', type: 'number' },
    bytes: { description: 'The size of the live files.', presence: 'computed', type: 'number' },
  },
  async read(config, context) {
    const client = await context.client();
    const { domains, policy, revision, files, bytes } = await client.site(text(config.name));
    return { ...config, domains, mode: policy.mode, revision, files, bytes };
  },
};
