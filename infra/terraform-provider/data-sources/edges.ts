import type { DataSource } from '../resources/resource.ts';
import { texts } from '../values/reading.ts';

/** The edges of the fleet, without revoked ones. */
export const edges: DataSource = {
  description: 'The edges of the fleet, without revoked ones.',
  attributes: {
    labels: {
      description: 'Only edges that carry all of these labels.',
      ...{ presence: 'optional', type: ['set', 'string'] },
    },
    names: { description: 'Their names.', presence: 'computed', type: ['list', 'string'] },
    edges: {
      description: 'What is known of each edge.',
      presence: 'computed',
      type: [
        'list',
        [
          'object',
          {
            ...{ name: 'string', region: 'string', state: 'string', reason: 'string', version: 'string' },
            ...{ labels: ['list', 'string'], parent: 'string', lag_seconds: 'number' },
          },
        ],
      ],
    },
  },
  async read(config, context) {
    const wanted = texts(config.labels);
    const client = await context.client();
    const found = (await client.edges()).filter(
      ({ labels, revoked }) => !revoked && wanted.every((label) => labels.includes(label)),
    );
    return {
      ...config,
      names: found.map(({ name }) => name),
      edges: found.map(({ name, region, health, version, labels, parent, lag }) => ({
        ...{ name, region, state: health.state, reason: health.reason, version, labels, parent },
        lag_seconds: lag.seconds,
      })),
    };
  },
};
