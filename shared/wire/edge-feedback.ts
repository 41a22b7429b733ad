import { Type } from 'typebox';
import { edgeUseSchema } from './protocol.ts';

/** Parts of API responses. They contain data that edges report about themselves. */

export const healthSchema = Type.Object({
  state: Type.Union([
    Type.Literal('online'),
    Type.Literal('lagging'),
    Type.Literal('degraded'),
    Type.Literal('offline'),
    Type.Literal('drained'),
    Type.Literal('diverged'),
  ]),
  trouble: Type.Union([Type.String(), Type.Null()], {
    description:
      'What is wrong with a lagging or degraded edge, in one word: paused, bandwidth, disk, pruned-disk (its disk stays full although old data was deleted), files, errors, contact, clock or switching. Later versions may have further words.',
  }),
  reason: Type.Union([Type.String(), Type.Null()], {
    description: 'What is wrong; null when nothing is, or when the caller may not read all sites.',
  }),
});

export const shownUseSchema = Type.Union(
  [
    Type.Object({
      ...Type.Omit(edgeUseSchema, ['sites']).properties,
      hitRatio: Type.Union([Type.Number(), Type.Null()], {
        description:
          'The part of the answers for which the edge had to fetch nothing; null before the first answer.',
      }),
    }),
    Type.Null(),
  ],
  {
    description:
      'What the edge uses, and what it has answered since its start; null before it has told, or when the caller may not read all sites.',
  },
);

export const readersSchema = Type.Union(
  [
    Type.Object({
      revision: Type.Integer(),
      requests: Type.Integer(),
      errors: Type.Integer({ description: 'Answers with a status of 5xx.' }),
      bytes: Type.Integer(),
    }),
    Type.Null(),
  ],
  { description: 'What readers got since this revision is visible, or since the edge has started.' },
);
