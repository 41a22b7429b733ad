import { Type } from 'typebox';
import { NAME_PATTERN } from './name-pattern.ts';

export const nameSchema = Type.String({ pattern: NAME_PATTERN, maxLength: 63 });

/** Sites that one member may be limited to. */
const MOST_READABLE = 100;

/** What a member may read, by the names of the sites: one that is not there yet may be named. */
export const mayReadSchema = Type.Array(nameSchema, {
  minItems: 1,
  maxItems: MOST_READABLE,
  uniqueItems: true,
  description: 'The sites whose content the edge may read.',
});
