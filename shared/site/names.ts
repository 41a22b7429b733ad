import { Type } from 'typebox';
import { NAME_PATTERN } from './name-pattern.ts';

export const nameSchema = Type.String({ pattern: NAME_PATTERN, maxLength: 63 });

/** How many labels one edge may carry. */
export const MOST_LABELS = 20;

/** The labels of an edge: words with which operators name groups of edges, for rollouts and tasks. */
export const labelsSchema = Type.Array(nameSchema, {
  maxItems: MOST_LABELS,
  uniqueItems: true,
  description: 'The labels of the edge.',
});

/** How many sites one member may be limited to. */
const MOST_READABLE = 100;

/** The names of the sites that a member may read. A site need not exist yet. */
export const mayReadSchema = Type.Array(nameSchema, {
  minItems: 1,
  maxItems: MOST_READABLE,
  uniqueItems: true,
  description: 'The sites whose content the edge may read.',
});
